package io.undercurrent.serve;

import static io.undercurrent.serve.ForwardingTest.warnings;
import static io.undercurrent.serve.HttpEndpointTest.on;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.javalin.Javalin;
import io.undercurrent.SelfSigned;
import io.undercurrent.config.SettingsException;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.query.internals.StreamsQueries.Host;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class TlsTest {

  @TempDir Path folder;

  private static SSLContext context(Map<String, String> settings) {
    return Tls.of(UndercurrentConfig.of(settings));
  }

  private static HttpEndpoint endpoint(SSLContext tls) {
    Door door = on("127.0.0.1", 0).door();
    return HttpEndpoint.start(
        new Listening("127.0.0.1", 0, door, tls, "127.0.0.1", 0),
        () -> "meters",
        () -> true,
        Optional::empty);
  }

  @ParameterizedTest
  @ValueSource(strings = {"RSA", "EC", "Ed25519"})
  void shouldEncryptAnswersAndForwardedQueries(String algorithm) throws Exception {
    SSLContext tls = context(SelfSigned.in(folder, algorithm).settings());
    try (HttpEndpoint http = endpoint(tls)) {
      assertThat(http.address()).isEqualTo("https://127.0.0.1:" + http.port());
      HttpClient client = HttpClient.newBuilder().sslContext(tls).build();
      assertThat(get(client, http.address() + "/health/live").statusCode()).isEqualTo(200);
      assertThat(get(client, "https://localhost:" + http.port() + "/metrics").body())
          .isEqualTo("meters");
      assertThat(forwarded(http, tls)).isEqualTo("meters");
      assertThatThrownBy(() -> get(client, "http://127.0.0.1:" + http.port() + "/metrics"))
          .isInstanceOf(IOException.class);
      assertThat(get(client, "http://127.0.0.1:" + http.managementPort() + "/health/live").body())
          .contains("UP");
    }
  }

  @Test
  void shouldForwardNothingToAnInstanceThatItDoesNotTrustAndSayWhy() throws Exception {
    SSLContext theirs = context(SelfSigned.in(folder.resolve("theirs"), "EC").settings());
    SSLContext ours = context(SelfSigned.in(folder.resolve("ours"), "EC").settings());
    try (HttpEndpoint http = endpoint(theirs)) {
      Forwarding forwarding = new Forwarding(null, ours);
      assertThat(
              warnings(
                  () -> {
                    assertThat(forwarded(http, forwarding)).isEqualTo("not answered");
                    assertThat(forwarded(http, forwarding)).isEqualTo("not answered");
                  }))
          .singleElement(InstanceOfAssertFactories.STRING)
          .startsWith(
              "127.0.0.1:%d cannot be asked about its keys: TLS fails: ".formatted(http.port()))
          .contains("PKIX path");
      assertThat(forwarded(http, new Forwarding(null, null))).isEqualTo("not answered");
    }
  }

  @Test
  void shouldForwardNothingToAnotherHostThanThatOfTheCertificate() throws Exception {
    SSLContext tls = context(SelfSigned.in(folder, "EC", "dns:localhost").settings());
    try (HttpEndpoint http = endpoint(tls)) {
      assertThat(warnings(() -> assertThat(forwarded(http, tls)).isEqualTo("not answered")))
          .singleElement(InstanceOfAssertFactories.STRING)
          .contains("TLS fails: ", "127.0.0.1");
    }
  }

  private static String forwarded(HttpEndpoint to, SSLContext tls) throws Exception {
    return forwarded(to, new Forwarding(null, tls));
  }

  /** What an instance answers that asks the endpoint. */
  private static String forwarded(HttpEndpoint to, Forwarding forwarding) throws Exception {
    Javalin asking =
        Javalin.create(
                config ->
                    config.routes.get(
                        "/metrics",
                        ctx -> {
                          Host host = new Host("127.0.0.1", to.port());
                          if (!forwarding.answer(ctx, host, Forwarding.STATE, new HashSet<>())) {
                            ctx.result("not answered");
                          }
                        }))
            .start("127.0.0.1", 0);
    try {
      return get(HttpClient.newHttpClient(), "http://127.0.0.1:" + asking.port() + "/metrics")
          .body();
    } finally {
      asking.stop();
    }
  }

  private static HttpResponse<String> get(HttpClient client, String uri) throws Exception {
    return client.send(HttpRequest.newBuilder(URI.create(uri)).build(), BodyHandlers.ofString());
  }

  @Test
  void shouldBeOffWithoutSettings() {
    assertThat(context(Map.of())).isNull();
  }

  @Test
  void shouldSayWhichFileCannotBeUsed() throws Exception {
    SelfSigned one = SelfSigned.in(folder.resolve("one"), "EC");
    SelfSigned two = SelfSigned.in(folder.resolve("two"), "EC");
    String certificate = "undercurrent.http.ssl.certificate.file";
    String key = "undercurrent.http.ssl.key.file";
    String trust = "undercurrent.http.ssl.trust.file";
    Path text = Files.writeString(folder.resolve("text"), "no PEM");
    Path pkcs1 =
        Files.writeString(
            folder.resolve("pkcs1"), Files.readString(one.key()).replace("PRIVATE", "EC PRIVATE"));

    assertRefused(
        one, Map.of(key, ""), certificate + " and " + key + " must be set both or neither");
    assertRefused(one, Map.of(certificate, "", key, ""), "; " + trust + " needs both");
    assertRefused(
        one,
        Map.of(key, two.key().toString()),
        "must be the key of the first certificate in "
            + one.certificate()
            + ", found the key of another certificate");
    assertRefused(
        one,
        Map.of(certificate, text.toString()),
        certificate + " " + text + " must contain certificates in PEM and nothing else, found ");
    assertRefused(
        one, Map.of(trust, text.toString()), trust + " " + text + " must contain certificates");
    assertRefused(
        one,
        Map.of(certificate, one.key().toString()),
        "must contain certificates in PEM and nothing else, found what cannot be read: ");
    for (Path noKey : new Path[] {text, pkcs1}) {
      assertRefused(
          one,
          Map.of(key, noKey.toString()),
          key + " " + noKey + " must contain the certificate's private key, of kind EC, in PEM");
    }
    assertRefused(
        one,
        Map.of(key, SelfSigned.in(folder.resolve("rsa"), "RSA").key().toString()),
        "found one that cannot be read: ");
    SelfSigned dsa = SelfSigned.in(folder.resolve("dsa"), "DSA");
    assertRefused(dsa, Map.of(), "must have a key of kind RSA, EC or Ed25519, found DSA");
    assertRefused(
        one,
        Map.of(key, folder.resolve("none").toString()),
        key + " must be a file that can be read, found java.nio.file.NoSuchFileException");
  }

  private static void assertRefused(SelfSigned files, Map<String, String> changes, String message) {
    Map<String, String> settings = new HashMap<>(files.settings());
    settings.putAll(changes);
    assertThatThrownBy(() -> context(settings))
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining(message)
        .hasMessageNotContaining("BEGIN");
  }
}
