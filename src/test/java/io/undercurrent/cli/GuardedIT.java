package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.DocumentedRights;
import io.undercurrent.GuardedCluster;
import io.undercurrent.GuardedCluster.Right;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code run} and {@code doctor} on a cluster that demands TLS, a login and rights. The app has the
 * rights that the documentation calls needed, and no others; its secrets come from Kafka's
 * providers, and nothing that it prints or serves contains them.
 */
@Timeout(240)
class GuardedIT {

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static final String PROVIDERS = "org.apache.kafka.common.config.provider.";

  @TempDir private static Path folder;
  private static GuardedCluster cluster;
  private static Path topology;

  private final int port = ServedApp.freePort();
  private final StringBuilder said = new StringBuilder();

  @BeforeAll
  static void start() throws Exception {
    cluster = new GuardedCluster(folder);
    List.of("in", "out", "dead").forEach(cluster::createTopic);
    Path model = SmallModel.write(folder.resolve("model"));
    topology =
        Files.writeString(
            folder.resolve("topology.yaml"),
            String.join(
                "\n",
                "name: guarded",
                "source: {topics: [in], value: text, key: record}",
                "model: " + model,
                "next: 3",
                "store: hidden-state",
                "sinks: {enriched: out, deadLetters: dead}"));
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @Test
  void shouldRunWithTheNeededRightsAndSecretsOfFileAndEnvironment() throws Exception {
    Path secrets =
        Files.writeString(
            folder.resolve("secrets.properties"), "password=" + GuardedCluster.PASSWORD + "\n");
    Path config =
        config(
            "file-and-env",
            "${env:KAFKA_USER}",
            "${file:" + secrets + ":password}",
            "config.providers=file,env",
            "config.providers.file.class=" + PROVIDERS + "FileConfigProvider",
            "config.providers.env.class=" + PROVIDERS + "EnvVarConfigProvider");
    shouldRun("file-and-env", config, Map.of("KAFKA_USER", GuardedCluster.USER));
  }

  @Test
  void shouldRunUnderTheStreamsProtocolWithSecretsOfAFolder() throws Exception {
    Path secrets = Files.createDirectories(folder.resolve("secrets"));
    Files.writeString(secrets.resolve("user"), GuardedCluster.USER);
    Files.writeString(secrets.resolve("password"), GuardedCluster.PASSWORD);
    Path config =
        config(
            "directory",
            "${directory:" + secrets + ":user}",
            "${directory:" + secrets + ":password}",
            "config.providers=directory",
            "config.providers.directory.class=" + PROVIDERS + "DirectoryConfigProvider",
            "group.protocol=streams");
    shouldRun("directory", config, Map.of());
  }

  private void shouldRun(String application, Path config, Map<String, String> environment)
      throws Exception {
    cluster.grant(DocumentedRights.of(application).needed());
    try (Child app = Child.startWith(environment, folder, arguments("run", config))) {
      app.awaitLine("running: ", PATIENCE);
      int before = written();
      produce("k");
      await(() -> written() > before);

      String key = get("/v1/keys/k");
      assertThat(key)
          .contains("\"lastRecords\":[]")
          .contains("\"lastRecordsProblem\":\"this application may not read topic out: give its");
      said.append(key).append(get("/metrics")).append(get("/v1/topology"));
      app.terminate();
      assertThat(app.exitCode(PATIENCE)).as(app.err()).isZero();
      said.append(app.out()).append(app.err());
      assertThat(app.err())
          .contains("topic out: this user lacks Read and DescribeConfigs: ")
          .containsOnlyOnce("no last records and no live page: ")
          .doesNotContain("\tat ");
    }
    try (Child doctor = Child.startWith(environment, folder, arguments("doctor", config))) {
      assertThat(doctor.exitCode(PATIENCE)).as(doctor.out() + doctor.err()).isZero();
      assertThat(doctor.out()).contains("warning    topic out: ").doesNotContain("failed  ");
      said.append(doctor.out()).append(doctor.err());
    }
    assertThat(said.toString()).doesNotContain(GuardedCluster.PASSWORD);
  }

  @Test
  void shouldEndWithOneAndOneLineForEachMissingRight() throws Exception {
    List<Right> rights = new ArrayList<>(DocumentedRights.of("denied").needed());
    rights.removeIf(
        right ->
            right.type() == ResourceType.TRANSACTIONAL_ID
                || right.type() == ResourceType.GROUP
                || right.operation() == AclOperation.CREATE);
    cluster.grant(rights);
    Path config = config("denied", GuardedCluster.USER, GuardedCluster.PASSWORD);

    await(() -> !execute("run", config).contains("topic in: "));
    assertThat(execute("run", config).lines().filter(line -> !line.isBlank()))
        .satisfiesExactly(
            line -> assertThat(line).isEqualTo("1"),
            line ->
                assertThat(line)
                    .startsWith(
                        "error: topic denied-hidden-state-changelog: it does not exist, and this"
                            + " user lacks Create. Grant them: kafka-acls.sh "),
            line ->
                assertThat(line)
                    .startsWith(
                        "error: topic denied-undercurrent-settings-changelog: it does not exist, and"
                            + " this user lacks Create. Grant them: kafka-acls.sh "),
            line -> assertThat(line).startsWith("error: group denied: this user lacks Read."),
            line ->
                assertThat(line)
                    .startsWith(
                        "error: transactions denied-*: this user lacks the right Write on these"));
    String json = execute("doctor", config, "--json");
    assertThat(json)
        .startsWith("1\n{")
        .contains("\"failed\" : 4")
        .contains("\"check\" : \"group denied\"")
        .doesNotContain(GuardedCluster.PASSWORD);
  }

  @Test
  void shouldEndWithOneAndOneLineWhenARightIsTakenAway() throws Exception {
    List<Right> rights = DocumentedRights.of("taken").all();
    cluster.grant(rights);
    Path config = config("taken", GuardedCluster.USER, GuardedCluster.PASSWORD);
    try (Child app = Child.start(folder, arguments("run", config))) {
      app.awaitLine("running: ", PATIENCE);
      int before = written();
      produce("k");
      await(() -> written() > before);
      cluster.revoke(
          rights.stream()
              .filter(right -> right.resource().equals("out"))
              .filter(right -> right.operation() == AclOperation.WRITE)
              .toList());
      produce("k");
      assertThat(app.exitCode(PATIENCE)).as(app.err()).isEqualTo(1);
      assertThat(app.err())
          .doesNotContain("\tat ")
          .doesNotContain(" ERROR ")
          .endsWith(
              "error: stopped: a right is missing: TopicAuthorizationException: Not authorized to"
                  + " access topics: [out]; undercurrent doctor says which and how to give it\n");
    } finally {
      cluster.grant(rights);
    }
  }

  /** A secret in a setting that cannot be parsed must not be printed with it. */
  @Test
  void shouldNotPrintASecretThatItCannotUse() throws Exception {
    Path config = config("broken", GuardedCluster.USER, GuardedCluster.PASSWORD);
    Files.writeString(config, Files.readString(config).replace("\";", "\"")); // no end
    for (String command : List.of("run", "doctor")) {
      assertThat(execute(command, config))
          .startsWith("1")
          .contains("the settings make no connection: ")
          .doesNotContain(GuardedCluster.PASSWORD);
    }
  }

  private Path config(String application, String user, String password, String... more)
      throws Exception {
    List<String> lines = new ArrayList<>(List.of(more));
    cluster.settings(user, password).forEach((key, value) -> lines.add(key + "=" + value));
    lines.add("application.id=" + application);
    lines.add("state.dir=" + folder.resolve("state"));
    lines.add("undercurrent.http.port=" + port);
    return Files.write(folder.resolve(application + ".properties"), lines);
  }

  private static String[] arguments(String command, Path config) {
    return new String[] {command, "--topology", topology.toString(), "--config", config.toString()};
  }

  /** The exit code and all that was printed. */
  private static String execute(String command, Path config, String... more) {
    StringWriter said = new StringWriter();
    PrintWriter to = new PrintWriter(said, true);
    List<String> all = new ArrayList<>(List.of(arguments(command, config)));
    all.addAll(List.of(more));
    int exit = Main.commandLine().setOut(to).setErr(to).execute(all.toArray(String[]::new));
    return exit + "\n" + said;
  }

  private String get(String path) throws Exception {
    return CLIENT
        .send(
            HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
            BodyHandlers.ofString())
        .body();
  }

  private static void await(java.util.concurrent.Callable<Boolean> condition) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(100);
    }
  }

  private static void produce(String key) throws Exception {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", cluster.openServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer())) {
      producer.send(new ProducerRecord<>("in", key.getBytes(UTF_8), "hello".getBytes(UTF_8))).get();
    }
  }

  /** The end of the enriched topic. */
  private static int written() {
    TopicPartition partition = new TopicPartition("out", 0);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", cluster.openServers(), "isolation.level", "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      return Math.toIntExact(consumer.endOffsets(List.of(partition)).get(partition));
    }
  }
}
