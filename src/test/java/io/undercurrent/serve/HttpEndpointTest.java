package io.undercurrent.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class HttpEndpointTest {
  private static final String HOST = "127.0.0.1";

  private final HttpClient client =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  @Test
  void shouldServeMetersAsPrometheusText() throws Exception {
    String text = "# HELP a_total records of \u00fc\n# TYPE a_total counter\na_total 3.0\n";
    try (HttpEndpoint http = HttpEndpoint.start(HOST, 0, () -> text, () -> true, () -> true)) {
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
    try (HttpEndpoint http = HttpEndpoint.start(HOST, 0, () -> "", () -> true, ready::get)) {
      assertAnswer(get(http, "/health/live"), 200, "{\"status\":\"UP\"}");
      assertAnswer(get(http, "/health/ready"), 503, "{\"status\":\"DOWN\"}");
      ready.set(true);
      assertAnswer(get(http, "/health/ready"), 200, "{\"status\":\"UP\"}");
    }
  }

  @Test
  void shouldSayWhyItIsNotReady() throws Exception {
    try (HttpEndpoint http =
        HttpEndpoint.start(
            HOST, 0, () -> "", () -> true, () -> Optional.of("no \"broker\""), List.of())) {
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
            HOST, 0, HttpEndpointTest::fail, () -> fail().isEmpty(), () -> fail().isEmpty())) {
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
  void shouldAnswerUnknownPathsWithShortJson() throws Exception {
    try (HttpEndpoint http = HttpEndpoint.start(HOST, 0, () -> "", () -> true, () -> true)) {
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

  @Test
  void shouldSayThatAPortIsInUse() throws Exception {
    try (HttpEndpoint http = HttpEndpoint.start(HOST, 0, () -> "", () -> true, () -> true)) {
      int port = http.port();
      Set<Thread> before = Thread.getAllStackTraces().keySet();
      assertThatIllegalStateException()
          .isThrownBy(() -> HttpEndpoint.start(HOST, port, () -> "", () -> true, () -> true))
          .withMessage(
              "http port %d on 127.0.0.1 is in use: choose another with undercurrent.http.port",
              port);
      assertNothingRunsBut(before);
      assertThat(get(http, "/health/live").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void shouldSayWhichAddressCannotBeBound() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HttpEndpoint.start(HOST, 65_536, () -> "", () -> true, () -> true))
        .withMessage("undercurrent.http.port must be between 0 and 65535, found 65536");
    for (String host : List.of("no-such-host.invalid", "192.0.2.1")) {
      assertThatIllegalStateException()
          .isThrownBy(() -> HttpEndpoint.start(host, 0, () -> "", () -> true, () -> true))
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
            HOST,
            0,
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
            () -> true);
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
    try (HttpEndpoint http = HttpEndpoint.start(HOST, 0, () -> "", () -> true, () -> true)) {
      get(http, "/metrics");
      get(http, "/unknown");
      int port = http.port();
      assertThatIllegalStateException()
          .isThrownBy(() -> HttpEndpoint.start(HOST, port, () -> "", () -> true, () -> true));
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
