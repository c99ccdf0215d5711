package io.undercurrent.serve;

import static io.undercurrent.serve.HttpEndpointTest.on;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undercurrent.LetterModel;
import io.undercurrent.app.EnrichedTopic;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.query.internals.ConversationTrace;
import io.undercurrent.query.internals.StreamsQueries;
import io.undercurrent.query.internals.StreamsQueries.Host;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class LiveRoutesTest {

  private static final Model MODEL = LetterModel.of(1);

  private volatile BiConsumer<byte[], EnrichedRecord> topic;

  private final LiveFeed feed =
      new LiveFeed(
          (lookBack, listener) -> {
            topic = listener;
            return new EnrichedTopic() {
              @Override
              public boolean caughtUp() {
                return true;
              }

              @Override
              public void close() {
                topic = null;
              }
            };
          },
          KeyEncoding.TEXT);

  private final HttpEndpoint http =
      HttpEndpoint.start(
          on("127.0.0.1", 0),
          () -> "",
          () -> true,
          Optional::empty,
          new LiveRoutes(
              feed,
              1,
              new StreamsQueries(
                  () -> null,
                  Host.of(Host.unreachable("nowhere")),
                  MODEL,
                  EnrichmentSettings.DEFAULTS,
                  () -> 1,
                  false),
              TopologyDefinition.shipped(),
              new ModelIdentity("m", "0"),
              () -> new ConversationTrace(MODEL, EnrichmentSettings.DEFAULTS),
              null,
              Shown.EVERYTHING));

  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void stop() {
    http.close();
  }

  private HttpRequest request(String path, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + http.port() + path))
            .timeout(Duration.ofSeconds(20));
    return (headers.length == 0 ? request : request.headers(headers)).build();
  }

  private HttpResponse<String> get(String path, String... headers) throws Exception {
    return client.send(request(path, headers), BodyHandlers.ofString());
  }

  private static String header(HttpResponse<?> answer, String name) {
    return answer.headers().firstValue(name).orElse("none");
  }

  @ParameterizedTest
  @CsvSource({
    "/, text/html, <!doctype html>",
    "/page/page.js, text/javascript, /v1/live",
    "/page/app.js, text/javascript, Authorization",
    "/page/page.css, text/css, color-scheme",
    "/page/icon.svg, image/svg+xml, <svg",
    "/page/uplot/dist/uPlot.esm.js, text/javascript, uPlot",
    "/page/uplot/dist/uPlot.min.css, text/css, .uplot"
  })
  void shouldServeThePagesFiles(String path, String type, String content) throws Exception {
    HttpResponse<String> file = get(path);
    assertThat(file.statusCode()).isEqualTo(200);
    assertThat(file.body()).contains(content);
    assertThat(header(file, "Content-Type")).startsWith(type);
    assertThat(header(file, "Content-Security-Policy"))
        .startsWith("default-src 'none'; script-src 'self'; style-src 'self';");
    assertThat(header(file, "X-Content-Type-Options")).isEqualTo("nosniff");
    assertThat(header(file, "Referrer-Policy")).isEqualTo("no-referrer");
    assertThat(header(file, "Cache-Control")).isEqualTo("no-cache");
    HttpResponse<String> again = get(path, "If-None-Match", header(file, "ETag"));
    assertThat(again.statusCode()).isEqualTo(304);
    assertThat(again.body()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/page",
        "/page/",
        "/page/none.js",
        "/openapi.json",
        "/page/../../openapi.json",
        "/page/..%2f..%2fopenapi.json",
        "/page/%2e%2e/%2e%2e/openapi.json"
      })
  void shouldServeNoOtherFiles(String path) throws Exception {
    assertThat(get(path).statusCode()).isIn(400, 404);
  }

  @Test
  void shouldSendEnrichedRecordsAsEvents() throws Exception {
    HttpResponse<Stream<String>> live = client.send(request("/v1/live"), BodyHandlers.ofLines());
    try (Stream<String> lines = live.body()) {
      var line = lines.iterator();
      assertThat(live.statusCode()).isEqualTo(200);
      assertThat(header(live, "Content-Type"))
          .isEqualToIgnoringCase("text/event-stream;charset=utf-8");
      assertThat(header(live, "Cache-Control")).isEqualTo("no-store");
      assertThat(header(live, "X-Accel-Buffering")).isEqualTo("no");
      assertThat(line.next()).isEqualTo("event: hello");
      assertThat(line.next()).startsWith("data: {\"returning\":false,");
      assertThat(line.next()).isEmpty();
      receive("schön \uD83D\uDE00");
      String id = null;
      for (String next = line.next(); !next.equals("event: records"); next = line.next()) {
        id = next; // the id comes before its event's name
      }
      assertThat(id).matches("id: \\w+-1-1");
      String data = line.next().substring("data: ".length());
      assertThat(new JsonMapper().readTree(data).at("/0/text").textValue())
          .isEqualTo("schön \uD83D\uDE00");
      assertThat(line.next()).isEmpty();
    }
  }

  @Test
  void shouldRefuseStreamsAboveTheLimit() throws Exception {
    HttpResponse<Stream<String>> live = client.send(request("/v1/live"), BodyHandlers.ofLines());
    HttpResponse<String> refused = get("/v1/live");
    assertThat(refused.statusCode()).isEqualTo(503);
    assertThat(header(refused, "Retry-After")).isEqualTo("10");
    assertThat(header(refused, "Content-Type")).startsWith("application/problem+json");
    assertThat(refused.body()).contains("all 1 live streams are taken");
    live.body().close();
    int status = 503;
    while (status == 503) { // the closed stream is noticed at the next event
      HttpResponse<Stream<String>> next = client.send(request("/v1/live"), BodyHandlers.ofLines());
      status = next.statusCode();
      next.body().close();
      Thread.sleep(50);
    }
    assertThat(status).isEqualTo(200);
  }

  /** Each of them frees the only place again. */
  @Test
  void shouldBearViewersWhoLeaveAtOnce() throws Exception {
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    Logger logger = (Logger) LoggerFactory.getLogger(WebServer.class);
    logger.addAppender(logged);
    for (int i = 0; i < 200; i++) {
      try (Socket socket = new Socket("127.0.0.1", http.port())) {
        socket.setSoLinger(true, 0); // resets the connection
        socket
            .getOutputStream()
            .write(
                "GET /v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
                    .getBytes(StandardCharsets.UTF_8));
      }
    }
    int status = 503;
    while (status == 503) { // until the last one is noticed
      HttpResponse<Stream<String>> next = client.send(request("/v1/live"), BodyHandlers.ofLines());
      status = next.statusCode();
      next.body().close();
      Thread.sleep(50);
    }
    logger.detachAppender(logged);
    assertThat(status).isEqualTo(200);
    assertThat(logged.list).isEmpty();
  }

  @Test
  void shouldEndStreamsWhenItCloses() throws Exception {
    HttpResponse<Stream<String>> live = client.send(request("/v1/live"), BodyHandlers.ofLines());
    Thread.sleep(50);
    long start = System.nanoTime();
    http.close();
    try (Stream<String> lines = live.body()) {
      lines.forEach(line -> {}); // returns when the stream ends
    } catch (UncheckedIOException e) {
      // cut off in the middle of an event
    }
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
  }

  /** Takes 20 s, the idle timeout of a connection. */
  @Test
  void shouldDropAViewerWhoReadsNothing() throws Exception {
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(1_024);
      socket.connect(new InetSocketAddress("127.0.0.1", http.port()));
      socket
          .getOutputStream()
          .write(
              "GET /v1/live HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      while (feed.status().viewers() == 0) {
        Thread.sleep(20);
      }
      String longKey = "k".repeat(10_000);
      while (feed.status().viewers() > 0) {
        receive(longKey, "a");
        Thread.sleep(1);
      }
      assertThat(get("/health/live").statusCode()).isEqualTo(200);
    }
  }

  private void receive(String text) {
    receive("k", text);
  }

  private void receive(String key, String text) {
    topic.accept(
        key.getBytes(StandardCharsets.UTF_8),
        new EnrichedRecord(
            key,
            null,
            text,
            false,
            null,
            List.of(),
            null,
            new Conversation(null, 1, 0),
            new ModelIdentity("m", "0"),
            null));
  }
}
