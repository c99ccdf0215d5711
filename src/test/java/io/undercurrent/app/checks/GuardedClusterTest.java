package io.undercurrent.app.checks;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonPointer;
import io.undercurrent.DocumentedRights;
import io.undercurrent.GuardedCluster;
import io.undercurrent.GuardedCluster.Right;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.app.checks.Finding.Result;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the checks say on a cluster that demands TLS, a login and rights. */
@Timeout(240)
class GuardedClusterTest {

  private static final String APPLICATION = "guarded";

  @TempDir private static Path folder;
  private static GuardedCluster cluster;
  private static DocumentedRights documented;

  @BeforeAll
  static void start() throws Exception {
    cluster = new GuardedCluster(folder);
    for (String topic :
        List.of(
            "in",
            "out",
            "dead",
            APPLICATION + "-hidden-state-changelog",
            APPLICATION + "-by-key-repartition")) {
      cluster.createTopic(topic);
    }
    documented = DocumentedRights.of(APPLICATION);
    cluster.grant(documented.all());
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  private static Doctor doctor(Map<String, String> settings, String... more) {
    settings.putIfAbsent("application.id", APPLICATION);
    settings.put("state.dir", folder.resolve("state").toString());
    settings.put("undercurrent.live.input", "true");
    for (int i = 0; i < more.length; i += 2) {
      settings.put(more[i], more[i + 1]);
    }
    settings.values().removeIf(""::equals);
    TopologyDefinition definition =
        new TopologyDefinition(
            "guarded",
            List.of("in"),
            JsonPointer.compile("/text"),
            JsonPointer.compile("/key"),
            KeyEncoding.TEXT,
            "unused",
            3,
            "hidden-state",
            "out",
            "dead");
    return new Doctor(
        Subject.of(
            definition,
            UndercurrentConfig.of(settings),
            TinyModel.of(7, 13, 2, Pooling.CONCAT, 42).model(),
            false,
            false));
  }

  private static List<Finding> findings(String... more) {
    return doctor(cluster.settings(), more).cluster(finding -> {});
  }

  /** What the check of the brokers finds. */
  private static Finding brokers(String... more) {
    return findings(more).get(0);
  }

  /** Rights take effect a moment after they were changed. */
  private static Finding await(String check, Result result, String... more) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    Finding found;
    do {
      found =
          findings(more).stream()
              .filter(finding -> finding.check().equals(check))
              .findFirst()
              .orElseThrow();
      Thread.sleep(50);
    } while (found.result() != result && System.nanoTime() < deadline);
    assertThat(found.result()).as(found.line()).isEqualTo(result);
    return found;
  }

  @Test
  void shouldFindNothingWithTheDocumentedRights() throws Exception {
    await("topic in", Result.OK);
    assertThat(findings()).allMatch(finding -> finding.result() == Result.OK);
  }

  @Test
  void shouldNameEachRightThatIsMissing() throws Exception {
    for (Right right : documented.all()) {
      cluster.revoke(List.of(right));
      try {
        Finding found =
            right.operation() == AclOperation.CREATE // for topics that do not exist yet
                ? await(
                    "topic guarded-2-hidden-state-changelog",
                    Result.FAILED,
                    "application.id",
                    "guarded-2")
                : await(
                    check(right),
                    documented.needed().contains(right) ? Result.FAILED : Result.WARNING);
        String word = Cluster.word(right.operation());
        assertThat(found.found()).matches(".*this user lacks (the right )?" + word + ".*");
        assertThat(found.remedy())
            .contains("--operation " + word)
            .contains(right.resource())
            .contains(right.prefix() ? "--resource-pattern-type prefixed" : "--add");
      } finally {
        cluster.grant(List.of(right));
      }
    }
    assertThat(documented.needed()).hasSize(8);
    assertThat(documented.useful()).hasSize(6);
  }

  private static String check(Right right) {
    if (right.type() == ResourceType.GROUP) {
      return "group guarded";
    }
    if (right.type() == ResourceType.TRANSACTIONAL_ID) {
      return "transactions guarded-*";
    }
    return !right.prefix()
        ? "topic " + right.resource()
        : "topic guarded-"
            + (right.operation() == AclOperation.DELETE
                ? "by-key-repartition"
                : "hidden-state-changelog");
  }

  @Test
  void shouldNameWhatIsWrongWithTheConnection() throws Exception {
    assertThat(brokers("security.protocol", "PLAINTEXT").line())
        .isEqualTo(
            "brokers: %s uses TLS, but security.protocol is PLAINTEXT. Set security.protocol=SASL_SSL, and ssl.truststore.location"
                .formatted(cluster.servers()));
    assertThat(brokers("security.protocol", "SASL_PLAINTEXT").found()).contains(" uses TLS, but ");
    assertThat(brokers("security.protocol", "SSL").found())
        .contains(" wants a login (SASL: SCRAM-SHA-512), but security.protocol is SSL");
    assertThat(brokers("sasl.mechanism", "PLAIN").found())
        .contains(" offers the logins SCRAM-SHA-512, but sasl.mechanism is PLAIN");

    String open = cluster.openServers();
    assertThat(brokers("bootstrap.servers", open).line())
        .isEqualTo(
            "brokers: %s does not use TLS, but security.protocol is SASL_SSL. Set the address of the TLS port in bootstrap.servers, or security.protocol=SASL_PLAINTEXT, only if this network is trusted: without TLS the password can be read"
                .formatted(open));
    assertThat(brokers("bootstrap.servers", open, "security.protocol", "SASL_PLAINTEXT").found())
        .contains(" takes no login, but security.protocol is SASL_PLAINTEXT");

    assertThat(brokers("ssl.truststore.type", "", "ssl.truststore.location", "").found())
        .contains(": the broker's certificate is from an authority that is not trusted here");
    assertThat(
            brokers(
                    "ssl.truststore.type", "",
                    "ssl.truststore.location", "",
                    "sasl.mechanism", "PLAIN")
                .found())
        .as("anyone may offer logins behind a certificate that is not trusted")
        .contains(": the broker's certificate is from an authority that is not trusted here");
    assertThat(brokers("bootstrap.servers", cluster.servers().replace("127.0.0.1", "localhost")))
        .extracting(Finding::found)
        .asString()
        .contains(": the broker's certificate is for another host name (No ");
    assertThat(brokers("ssl.truststore.location", folder.resolve("none").toString()).found())
        .startsWith("the settings make no connection: ");

    assertThat(
            doctor(cluster.settings(GuardedCluster.USER, "wrong")).cluster(f -> {}).get(0).found())
        .contains(": the broker does not accept user and password: ");
  }

  @Test
  void shouldNameTheStageAtWhichAnAddressIsNotReached() throws Exception {
    assertThat(brokers("bootstrap.servers", "no-such-host.invalid:9092"))
        .matches(finding -> finding.result() == Result.FAILED)
        .extracting(Finding::found)
        .isEqualTo("no-such-host.invalid:9092: the host name has no address (DNS)");
    assertThat(brokers("bootstrap.servers", "127.0.0.1:1").found())
        .startsWith("127.0.0.1:1: no connection (TCP): ");
    assertThat(brokers("bootstrap.servers", "127.0.0.1:1").result()).isEqualTo(Result.NOT_YET);
    Finding one = brokers("bootstrap.servers", "no-such-host.invalid:1," + cluster.servers());
    assertThat(one.result()).as("the other broker answers").isEqualTo(Result.WARNING);
    assertThat(one.found()).endsWith(" (DNS)");
    one = brokers("bootstrap.servers", "127.0.0.1:1," + cluster.servers());
    assertThat(one.result()).as("the other broker answers").isEqualTo(Result.WARNING);
    assertThat(one.found()).startsWith("127.0.0.1:1: no connection (TCP): ");

    try (ServerSocket web = new ServerSocket(0)) {
      Thread answering = new Thread(() -> answer(web));
      answering.start();
      assertThat(brokers("bootstrap.servers", "127.0.0.1:" + web.getLocalPort()).found())
          .endsWith(" answers, but does not speak Kafka's protocol");
      answering.join();
    }
  }

  private static void answer(ServerSocket web) {
    try (Socket socket = web.accept()) {
      socket.getOutputStream().write("HTTP/1.1 400 no\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
      socket.getInputStream().readAllBytes();
    } catch (java.io.IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A failure of the connection must not hide that the other checks were not made. */
  @Test
  void shouldSayWhatWasNotChecked() {
    List<Finding> all = findings("bootstrap.servers", "127.0.0.1:1");
    assertThat(all).hasSize(12);
    assertThat(all.subList(1, 12)).allMatch(finding -> finding.result() == Result.UNKNOWN);
  }
}
