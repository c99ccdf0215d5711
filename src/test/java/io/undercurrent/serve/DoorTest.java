package io.undercurrent.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undercurrent.RawHttp;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class DoorTest {

  private static final String TOKEN = "0123456789abcdef";

  private static HttpEndpoint http;

  @BeforeAll
  static void start() {
    Door door = new Door(List.of("0.0.0.0", "App-1"), List.of("texts.example.com"), null);
    http =
        HttpEndpoint.start(
            new Listening("127.0.0.1", 0, door, null, "127.0.0.1", Listening.NONE),
            () -> "meters",
            () -> true,
            Optional::empty);
  }

  @AfterAll
  static void stop() {
    http.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "localhost",
        "LOCALHOST:8080",
        "localhost.:8080",
        "127.0.0.1",
        "127.0.0.1:8080",
        "[::1]:8080",
        "172.17.0.2:8080",
        "app-1:8080",
        "APP-1",
        "texts.example.com",
        "texts.example.com:443"
      })
  void shouldAnswerToItsOwnNamesAndToAddresses(String host) throws Exception {
    assertThat(RawHttp.get(http.port(), "/metrics", "Host: " + host).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil-localhost",
        "xapp-1"
      })
  void shouldRefuseOtherNames(String host) throws Exception {
    for (String path : List.of("/metrics", "/", "/v1/keys/k", "/nothing")) {
      assertRefused(
          RawHttp.get(http.port(), path, "Host: " + host),
          "the Host header must be a name of this instance, found "
              + host.replaceFirst(":.*", "")
              + ": add it to undercurrent.http.allowed.hosts if it is one");
    }
  }

  @Test
  void shouldRefuseARequestWithoutAHost() throws Exception {
    assertRefused(RawHttp.send(http.port(), "GET /metrics HTTP/1.0\r\n\r\n"), "found none");
  }

  /** Others are refused before they reach the door. */
  @ParameterizedTest
  @ValueSource(strings = {"localhost:000080", "[fe80::1%eth0]", "."})
  void shouldReportAMalformedHostAsItIs(String host) throws Exception {
    assertRefused(RawHttp.get(http.port(), "/metrics", "Host: " + host), "found " + host + ": add");
  }

  /** Whichever of them is taken, the other may be that of a page. */
  @ParameterizedTest
  @CsvSource({"localhost, evil.example", "evil.example, localhost", "localhost, localhost"})
  void shouldRefuseTwoHosts(String first, String second) throws Exception {
    RawHttp.Answer answer =
        RawHttp.get(http.port(), "/metrics", "Host: " + first, "Host: " + second);
    assertThat(answer.status()).isIn(400, 403);
  }

  @Test
  void shouldNotTakeTheNameFromTheRequestLine() throws Exception {
    RawHttp.Answer answer =
        RawHttp.get(http.port(), "http://localhost/metrics", "Host: evil.example");
    assertThat(answer.status()).isIn(400, 403);
  }

  @Test
  void shouldAnswerHealthToEverybody() throws Exception {
    assertThat(RawHttp.get(http.port(), "/health/live", "Host: evil.example").status())
        .isEqualTo(200);
    assertThat(RawHttp.send(http.port(), "GET /health/ready HTTP/1.0\r\n\r\n").status())
        .isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "http://localhost:8080",
        "https://localhost:8080",
        "https://texts.example.com",
        "https://texts.example.com:8443"
      })
  void shouldAnswerItsOwnPages(String origin) throws Exception {
    assertThat(ask("POST /v1/messages", origin).status()).isEqualTo(404); // no such route here
    assertThat(ask("GET /metrics", origin).status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "http://evil.example",
        "http://localhost:3000",
        "http://localhost",
        "http://127.0.0.1:8080",
        "file://localhost:8080"
      })
  void shouldRefuseOtherPages(String origin) throws Exception {
    for (String request : List.of("POST /v1/messages", "GET /metrics", "PUT /", "OPTIONS /")) {
      assertRefused(
          ask(request, origin), "found Origin " + origin + ": add its name to undercurrent.http.");
    }
    assertThat(ask("HEAD /metrics", origin).status()).isEqualTo(403);
  }

  @Test
  void shouldRefuseAMethodInAHeader() throws Exception {
    for (String path : List.of("/metrics", "/health/live")) {
      RawHttp.Answer answer =
          RawHttp.get(http.port(), path, "Host: localhost", "X-HTTP-Method-Override: GET");
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.body()).contains("found a header X-HTTP-Method-Override");
    }
  }

  @Test
  void shouldAnswerWithItsTokenOnly() throws Exception {
    try (HttpEndpoint locked = locked()) {
      for (String path : List.of("/metrics", "/v1/keys/k", "/openapi.json", "/nothing", "/page")) {
        RawHttp.Answer without = RawHttp.get(locked.port(), path, "Host: localhost");
        assertThat(without.status()).isEqualTo(401);
        assertThat(without.header("WWW-Authenticate")).isEqualTo("Bearer");
        assertThat(without.body()).contains("a token is needed");
      }
      for (String wrong :
          List.of(
              "Bearer 0123456789abcdeg",
              "Bearer 0123456789abcde",
              "Bearer 0123456789abcdef0",
              "Bearer",
              "Basic 0123456789abcdef",
              "0123456789abcdef")) {
        RawHttp.Answer refused = metrics(locked, wrong);
        assertThat(refused.status()).as(wrong).isEqualTo(401);
        assertThat(refused.body()).contains("the token is not that of");
      }
      assertThat(metrics(locked, "Bearer 0123456789abcdef").status()).isEqualTo(200);
      assertThat(metrics(locked, "bearer 0123456789abcdef").status()).isEqualTo(200);
      for (String path : List.of("/health/live", "/health/ready")) {
        assertThat(RawHttp.get(locked.port(), path, "Host: localhost").status()).isEqualTo(200);
      }
    }
  }

  /** A page whose owner points its name at this address does not know the token. */
  @Test
  void shouldAnswerToAnyNameWithItsToken() throws Exception {
    try (HttpEndpoint locked = locked()) {
      RawHttp.Answer answer =
          RawHttp.get(
              locked.port(), "/metrics", "Host: lb.example", "Authorization: Bearer " + TOKEN);
      assertThat(answer.status()).isEqualTo(200);
      assertThat(RawHttp.get(locked.port(), "/metrics", "Host: lb.example").status())
          .isEqualTo(401);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/page/../metrics",
        "/page/%2e%2e/metrics",
        "/page/..%2fmetrics",
        "/page/..;/metrics",
        "/health/../metrics",
        "/health/%2e%2e/metrics",
        "//metrics",
        "/page//../../metrics",
        "/./metrics",
        "/metrics/",
        "/metrics/.",
        "/metrics;x",
        "/;x/metrics",
        "/%6detrics",
        "/METRICS",
        "http://localhost/metrics",
      })
  void shouldNotReturnDataByOtherSpellingsOfAPath(String path) throws Exception {
    try (HttpEndpoint locked = locked()) {
      RawHttp.Answer answer = RawHttp.get(locked.port(), path, "Host: localhost");
      assertThat(answer.status()).isIn(400, 401, 404);
      assertThat(answer.body()).doesNotContain("meters");
    }
  }

  private static HttpEndpoint locked() {
    Door door = new Door(List.of(), List.of(), Token.of("", TOKEN));
    return HttpEndpoint.start(
        new Listening("127.0.0.1", 0, door, null, "127.0.0.1", Listening.NONE),
        () -> "meters",
        () -> true,
        Optional::empty);
  }

  private static RawHttp.Answer metrics(HttpEndpoint to, String authorization) throws Exception {
    return RawHttp.get(to.port(), "/metrics", "Host: localhost", "Authorization: " + authorization);
  }

  private static RawHttp.Answer ask(String request, String origin) throws Exception {
    return RawHttp.send(
        http.port(),
        request
            + " HTTP/1.1\r\nHost: localhost:8080\r\nOrigin: "
            + origin
            + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }

  private static void assertRefused(RawHttp.Answer answer, String detail) throws Exception {
    assertThat(answer.status()).isEqualTo(403);
    assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
    assertThat(new JsonMapper().readTree(answer.body()).path("detail").asText()).contains(detail);
  }
}
