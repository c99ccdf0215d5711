package io.undercurrent.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undercurrent.RawHttp;
import java.io.IOException;
import java.net.ConnectException;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HttpEndpointTest {
  private static final String HOST = "127.0.0.1";

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  /** Listens to everybody who names the host, or an IP address. */
  static Listening on(String host, int port) {
    Door door = new Door(List.of(host), List.of(), null);
    return new Listening(host, port, door, null, host, Listening.NONE);
  }

  @Test
  void shouldServeMetersAsPrometheusText() throws Exception {
    String text = "# HELP a_total records of \u00fc\n# TYPE a_total counter\na_total 3.0\n";
    try (HttpEndpoint http =
        HttpEndpoint.start(on(HOST, 0), () -> text, () -> true, Optional::empty)) {
      HttpResponse<String> answer = get(http, "/metrics");
      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.headers().allValues("content-type"))
          .singleElement(InstanceOfAssertFactories.STRING)
          .isEqualToIgnoringCase("text/plain; version=0.0.4; charset=utf-8");
      assertThat(answer.body()).isEqualTo(text);
    }
  }

  @Test
  void shouldServeLivenessAndReadinessSeparately() throws Exception {
    AtomicBoolean ready = new AtomicBoolean();
    try (HttpEndpoint http =
        HttpEndpoint.start(
            on(HOST, 0),
            () -> "",
            () -> true,
            () -> ready.get() ? Optional.empty() : Optional.of(""))) {
      assertAnswer(get(http, "/health/live"), 200, "{\"status\":\"UP\"}");
      assertAnswer(get(http, "/health/ready"), 503, "{\"status\":\"DOWN\"}");
      ready.set(true);
      assertAnswer(get(http, "/health/ready"), 200, "{\"status\":\"UP\"}");
    }
  }

  @Test
  void shouldSayWhyItIsNotReady() throws Exception {
    try (HttpEndpoint http =
        HttpEndpoint.start(on(HOST, 0), () -> "", () -> true, () -> Optional.of("no \"broker\""))) {
      assertAnswer(
          get(http, "/health/ready"),
          503,
          "{\"status\":\"DOWN\",\"reason\":\"no \\\"broker\\\"\"}");
      assertAnswer(get(http, "/health/live"), 200, "{\"status\":\"UP\"}");
    }
  }

  @Test
  void shouldCountAFailingCheckAsDownAndHideFailures() throws Exception {
    try (HttpEndpoint http =
        HttpEndpoint.start(
            on(HOST, 0),
            HttpEndpointTest::fail,
            () -> fail().isEmpty(),
            () -> Optional.of(fail()))) {
      assertAnswer(get(http, "/health/live"), 503, "{\"status\":\"DOWN\"}");
      assertAnswer(get(http, "/health/ready"), 503, "{\"status\":\"DOWN\"}");
      assertAnswer(
          get(http, "/metrics"),
          500,
          "{\"title\":\"Server Error\",\"status\":500,\"detail\":\"internal error\"}");
    }
  }

  private static String fail() {
    throw new IllegalStateException("secret");
  }

  @Test
  void shouldGoOnAfterAnErrorOfTheJvm() throws Exception {
    Supplier<String> deep =
        () -> {
          throw new StackOverflowError();
        };
    try (HttpEndpoint http = HttpEndpoint.start(on(HOST, 0), deep, () -> true, Optional::empty)) {
      assertThat(get(http, "/metrics").statusCode()).isEqualTo(500);
      assertThat(get(http, "/health/live").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void shouldAnswerUnknownPathsWithShortJson() throws Exception {
    try (HttpEndpoint http =
        HttpEndpoint.start(on(HOST, 0), () -> "", () -> true, Optional::empty)) {
      for (String path : List.of("/", "/metrics/more", "/health", "/%3Cscript%3E")) {
        assertAnswer(
            get(http, path),
            404,
            "{\"title\":\"Not Found\",\"status\":404,\"detail\":\"there is nothing at this"
                + " path\"}");
      }
      HttpResponse<String> posted =
          client.send(
              request(http, "/metrics").POST(HttpRequest.BodyPublishers.ofString("x")).build(),
              HttpResponse.BodyHandlers.ofString());
      assertAnswer(
          posted,
          404,
          "{\"title\":\"Not Found\",\"status\":404,\"detail\":\"there is nothing at this path\"}");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "/metrics?a=%zz, 'the % at char 3 of the query is not followed by two hex digits: write %25"
        + " for a %'",
    "/metrics?a=%4, 'the % at char 3 of the query is not followed by two hex digits: write %25"
        + " for a %'",
    "/metrics?%u0041, 'the % at char 1 of the query is not followed by two hex digits: write %25"
        + " for a %'",
    "/metrics?a=b%ff, 'the query must be UTF-8, found other bytes'",
    "/v1/keys/%u0041, 'the % at char 10 of the path is not followed by two hex digits: write %25"
        + " for a %'",
  })
  void shouldRefuseMalformedEncodings(String path, String detail) throws Exception {
    try (HttpEndpoint http =
        HttpEndpoint.start(on(HOST, 0), () -> "", () -> true, Optional::empty)) {
      RawHttp.Answer answer = RawHttp.get(http.port(), path, "Host: localhost");
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.header("Content-Type")).startsWith("application/problem+json");
      assertThat(new JsonMapper().readTree(answer.body()).path("detail").asText())
          .isEqualTo(detail);
    }
  }

  /** The path may name a key, the message may contain a text. */
  @Test
  void shouldLogWhereARequestFailedButNotWhatItSaid() throws Exception {
    ListAppender<ILoggingEvent> appender = new ListAppender<>();
    appender.start();
    Logger logger = (Logger) LoggerFactory.getLogger(WebServer.class);
    logger.addAppender(appender);
    try (HttpEndpoint http =
        HttpEndpoint.start(on(HOST, 0), HttpEndpointTest::fail, () -> true, Optional::empty)) {
      assertThat(get(http, "/metrics?text=secret").statusCode()).isEqualTo(500);
    } finally {
      logger.detachAppender(appender);
    }
    assertThat(appender.list)
        .singleElement()
        .extracting(ILoggingEvent::getFormattedMessage, InstanceOfAssertFactories.STRING)
        .startsWith(
            "GET /metrics failed: java.lang.IllegalStateException at io.undercurrent.serve.")
        .doesNotContain("secret");
  }

  @Test
  void shouldAnswerWhatJettyRefusesAsTheRest() throws Exception {
    try (HttpEndpoint http =
        HttpEndpoint.start(on(HOST, 0), () -> "", () -> true, Optional::empty)) {
      String host = " HTTP/1.1\r\nHost: localhost\r\n";
      String long_ = "a".repeat(1 << 16);
      assertProblem(http, "nonsense\r\n\r\n", 400, "the request is malformed: ");
      assertProblem(
          http, "GET /metrics HTTP/1.1\r\n\r\n", 400, "the request is malformed: No Host");
      assertProblem(http, "GET /%zz" + host + "\r\n", 400, "the request is malformed: ");
      assertProblem(
          http,
          "GET /" + long_ + host + "\r\n",
          414,
          "the request line and the headers must have at most 65536 bytes, found more");
      assertProblem(
          http,
          "GET /" + host + "X: " + long_ + "\r\n\r\n",
          431,
          "the request line and the headers must have at most 65536 bytes, found more");
      assertProblem(http, "GET /" + host + "Sec-WebSocket-Version: 13\r\n\r\n", 404, "WebSocket");
    }
  }

  private static void assertProblem(HttpEndpoint http, String request, int status, String detail)
      throws Exception {
    RawHttp.Answer answer =
        RawHttp.send(http.port(), request.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n"));
    assertThat(answer.status()).as(request).isEqualTo(status);
    assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
    assertHeaders(answer);
    assertThat(new JsonMapper().readTree(answer.body()).path("detail").asText()).startsWith(detail);
  }

  private static void assertHeaders(RawHttp.Answer answer) {
    assertThat(answer.header("Cache-Control")).isEqualTo("no-store");
    assertThat(answer.header("X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(answer.header("Content-Security-Policy")).startsWith("default-src 'none';");
    assertThat(answer.head()).doesNotContain("Jetty", "Server:");
  }

  @Test
  void shouldLetBrowsersStoreAndReinterpretNoAnswer() throws Exception {
    try (HttpEndpoint http =
        HttpEndpoint.start(on(HOST, 0), () -> "", () -> true, Optional::empty)) {
      for (String path : List.of("/metrics", "/health/live", "/nothing", "/metrics?%zz")) {
        assertHeaders(RawHttp.get(http.port(), path, "Host: localhost"));
      }
    }
  }

  /** Each of them sends the beginning of a request and no more. */
  @Test
  void shouldAnswerHealthBesideHalfSentRequests() throws Exception {
    Door door = new Door(List.of(), List.of(), null);
    List<Socket> half = new ArrayList<>();
    try (HttpEndpoint http =
        HttpEndpoint.start(
            new Listening(HOST, 0, door, null, HOST, 0), () -> "", () -> true, Optional::empty)) {
      for (int i = 0; i < 540; i++) {
        Socket socket = new Socket(HOST, http.port());
        half.add(socket);
        socket.getOutputStream().write("GET /metrics HT".getBytes(StandardCharsets.US_ASCII));
      }
      long start = System.nanoTime();
      assertThat(status(http.managementPort(), "/health/live")).isEqualTo(200);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
      assertThat(status(http.port(), "/health/live")).isEqualTo(200);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    } finally {
      for (Socket socket : half) {
        socket.close();
      }
    }
  }

  @Test
  void shouldAnswerHealthWhileAllOtherRequestsHang() throws Exception {
    CountDownLatch begun = new CountDownLatch(HttpEndpoint.REQUESTS);
    CountDownLatch end = new CountDownLatch(1);
    try (HttpEndpoint http =
        HttpEndpoint.start(
            on(HOST, 0),
            () -> {
              begun.countDown();
              try {
                end.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return "";
            },
            () -> true,
            Optional::empty)) {
      List<CompletableFuture<HttpResponse<String>>> hanging = new ArrayList<>();
      for (int i = 0; i < HttpEndpoint.REQUESTS; i++) {
        hanging.add(
            client.sendAsync(
                request(http, "/metrics").build(), HttpResponse.BodyHandlers.ofString()));
      }
      assertThat(begun.await(20, TimeUnit.SECONDS)).isTrue();
      RawHttp.Answer refused = RawHttp.get(http.port(), "/nothing", "Host: localhost");
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.body())
          .contains("too many requests are being answered: try again in a moment");
      assertThat(refused.header("Retry-After")).isEqualTo("1");
      assertHeaders(refused);
      for (int i = 0; i < 50; i++) {
        assertThat(status(http.port(), "/health/live")).isEqualTo(200);
      }
      assertThat(status(http.port(), "/")).isEqualTo(404); // passes, but there is no page here
      assertThat(status(http.port(), "/page/page.js")).isEqualTo(404);
      end.countDown();
      for (CompletableFuture<HttpResponse<String>> each : hanging) {
        assertThat(each.get(20, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      }
      assertThat(status(http.port(), "/metrics")).isEqualTo(200);
    }
  }

  @Test
  void shouldServeHealthAndMetricsOnTheManagementPortWithoutAToken() throws Exception {
    Door door = new Door(List.of(), List.of(), Token.of("", "0123456789abcdef"));
    try (HttpEndpoint http =
        HttpEndpoint.start(
            new Listening(HOST, 0, door, null, HOST, 0),
            () -> "",
            () -> true,
            () -> Optional.of(""))) {
      assertThat(http.managementPort()).isNotEqualTo(http.port());
      assertThat(status(http.port(), "/metrics")).isEqualTo(401);
      assertThat(status(http.managementPort(), "/metrics")).isEqualTo(200);
      assertThat(status(http.managementPort(), "/health/live")).isEqualTo(200);
      assertThat(status(http.managementPort(), "/health/ready")).isEqualTo(503);
      assertThat(status(http.managementPort(), "/openapi.json")).isEqualTo(404);
      assertThat(RawHttp.get(http.managementPort(), "/metrics", "Host: evil.example").status())
          .isEqualTo(403);
      int taken = http.port();
      Set<Thread> before = Thread.getAllStackTraces().keySet();
      assertThatIllegalStateException()
          .isThrownBy(
              () ->
                  HttpEndpoint.start(
                      new Listening(HOST, 0, door, null, HOST, taken),
                      () -> "",
                      () -> true,
                      Optional::empty))
          .withMessageMatching(
              "http port %d on 127.0.0.1 is in use.*: choose another with undercurrent\\.http\\.management\\.port"
                  .formatted(taken));
      assertNothingRunsBut(before);
    }
  }

  @Test
  void shouldServeHealthAndMetricsAlone() throws Exception {
    Door door = new Door(List.of(), List.of(), null);
    try (HttpEndpoint http =
        HttpEndpoint.start(
            new Listening("no-such-host.invalid", Listening.NONE, door, null, HOST, 0),
            () -> "",
            () -> true,
            Optional::empty)) {
      assertThat(http.managementAddress()).isEqualTo("http://127.0.0.1:" + http.managementPort());
      assertThat(http.address()).isEqualTo(http.managementAddress());
      assertThat(status(http.managementPort(), "/metrics")).isEqualTo(200);
      assertThat(status(http.managementPort(), "/health/ready")).isEqualTo(200);
      assertThat(status(http.managementPort(), "/openapi.json")).isEqualTo(404);
    }
  }

  @Test
  void shouldHaveAnotherHostForManagement() throws Exception {
    Door door = new Door(List.of(), List.of(), null);
    try (HttpEndpoint http =
        HttpEndpoint.start(
            new Listening(HOST, 0, door, null, "127.0.0.2", 0),
            () -> "",
            () -> true,
            Optional::empty)) {
      assertThat(http.managementAddress()).isEqualTo("http://127.0.0.2:" + http.managementPort());
      assertThat(
              client
                  .send(
                      HttpRequest.newBuilder(URI.create(http.managementAddress() + "/metrics"))
                          .build(),
                      HttpResponse.BodyHandlers.discarding())
                  .statusCode())
          .isEqualTo(200);
      assertThatThrownBy(() -> status(http.managementPort(), "/metrics"))
          .isInstanceOf(ConnectException.class);
    }
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                HttpEndpoint.start(
                    new Listening(HOST, 0, door, null, "192.0.2.1", 0),
                    () -> "",
                    () -> true,
                    Optional::empty))
        .withMessage(
            "http host 192.0.2.1 is not an address of this machine: choose another with"
                + " undercurrent.http.management.host");
  }

  @Test
  void shouldPutAnIpv6AddressIntoBrackets() {
    Door door = new Door(List.of(), List.of(), null);
    for (String host : List.of("::1", "[::1]")) {
      try (WebServer server =
          new WebServer(host, 0, "undercurrent.http", null, 4, door, config -> {})) {
        assertThat(server.address()).isEqualTo("http://[::1]:0"); // not started
      }
    }
  }

  private static int status(int port, String path) throws IOException {
    return RawHttp.get(port, path, "Host: localhost").status();
  }

  @Test
  void shouldSayThatAPortIsInUse() throws Exception {
    try (HttpEndpoint http =
        HttpEndpoint.start(on(HOST, 0), () -> "", () -> true, Optional::empty)) {
      int port = http.port();
      Set<Thread> before = Thread.getAllStackTraces().keySet();
      assertThatIllegalStateException()
          .isThrownBy(
              () -> HttpEndpoint.start(on(HOST, port), () -> "", () -> true, Optional::empty))
          .withMessage(
              "http port %d on 127.0.0.1 is in use%s: choose another with undercurrent.http.port",
              port,
              Files.exists(Path.of("/proc/net/tcp"))
                  ? " by process %d (java)".formatted(ProcessHandle.current().pid())
                  : "");
      assertNothingRunsBut(before);
      assertThat(get(http, "/health/live").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void shouldSayWhichAddressCannotBeBound() {
    for (int port : new int[] {65_536, Listening.NONE}) {
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> HttpEndpoint.start(on(HOST, port), () -> "", () -> true, Optional::empty))
          .withMessage("undercurrent.http.port must be between 0 and 65535, found " + port);
    }
    for (String host : List.of("no-such-host.invalid", "192.0.2.1")) {
      assertThatIllegalStateException()
          .isThrownBy(() -> HttpEndpoint.start(on(host, 0), () -> "", () -> true, Optional::empty))
          .withMessage(
              "http host %s is not an address of this machine: choose another with"
                  + " undercurrent.http.host",
              host);
    }
  }

  @Test
  void shouldCloseFastAndLeaveNothingRunning() throws Exception {
    Set<Thread> before = Thread.getAllStackTraces().keySet();
    CountDownLatch scraping = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    HttpEndpoint http =
        HttpEndpoint.start(
            on(HOST, 0),
            () -> {
              scraping.countDown();
              try {
                never.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return "";
            },
            () -> true,
            Optional::empty);
    var hanging =
        client.sendAsync(request(http, "/metrics").build(), HttpResponse.BodyHandlers.discarding());
    assertThat(scraping.await(10, TimeUnit.SECONDS)).isTrue();

    long start = System.nanoTime();
    http.close();
    http.close();
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(5));
    assertThatThrownBy(() -> get(http, "/health/live")).isInstanceOf(IOException.class);
    hanging.handle((answer, failure) -> null).get(60, TimeUnit.SECONDS); // a busy machine
    assertNothingRunsBut(before);
  }

  @Test
  void shouldLogNothingByItself() throws Exception {
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    ListAppender<ILoggingEvent> appender = new ListAppender<>();
    appender.start();
    root.addAppender(appender);
    try (HttpEndpoint http =
        HttpEndpoint.start(on(HOST, 0), () -> "", () -> true, Optional::empty)) {
      get(http, "/metrics");
      get(http, "/unknown");
      int port = http.port();
      assertThatIllegalStateException()
          .isThrownBy(
              () -> HttpEndpoint.start(on(HOST, port), () -> "", () -> true, Optional::empty));
    } finally {
      root.detachAppender(appender);
    }
    assertThat(appender.list).isEmpty();
  }

  private static void assertNothingRunsBut(Set<Thread> before) throws InterruptedException {
    Set<Thread> left = new HashSet<>();
    for (int attempt = 0; attempt < 50; attempt++) {
      left = new HashSet<>(Thread.getAllStackTraces().keySet());
      left.removeAll(before);
      // Not counted: the client's threads, and the JDK's common pool, which the client uses.
      left.removeIf(
          thread ->
              thread.getName().startsWith("HttpClient")
                  || thread.getName().startsWith("ForkJoinPool.commonPool"));
      if (left.isEmpty()) {
        break;
      }
      Thread.sleep(100);
    }
    assertThat(left).isEmpty();
  }

  private static void assertAnswer(HttpResponse<String> answer, int status, String body) {
    assertThat(answer.statusCode()).isEqualTo(status);
    assertThat(answer.body()).isEqualTo(body);
    assertThat(answer.headers().firstValue("content-type"))
        .hasValueSatisfying(
            type ->
                assertThat(type)
                    .startsWith(
                        status == 404 || status == 500
                            ? "application/problem+json"
                            : "application/json"));
  }

  private HttpResponse<String> get(HttpEndpoint http, String path) throws Exception {
    return client.send(request(http, path).build(), HttpResponse.BodyHandlers.ofString());
  }

  private static HttpRequest.Builder request(HttpEndpoint http, String path) {
    return HttpRequest.newBuilder(URI.create("http://" + HOST + ":" + http.port() + path))
        .timeout(Duration.ofSeconds(20));
  }
}
