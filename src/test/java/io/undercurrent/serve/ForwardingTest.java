package io.undercurrent.serve;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.sun.net.httpserver.HttpServer;
import io.javalin.Javalin;
import io.undercurrent.RawHttp;
import io.undercurrent.query.internals.StreamsQueries.Host;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.slf4j.LoggerFactory;

/** Answers that an instance forwards from another one, which the test plays. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ForwardingTest {
  private static final String ADDRESS = "127.0.0.1";
  private static final String NOT_ANSWERED = "not answered";

  private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
  private volatile Forwarding forwarding = new Forwarding(null, null);
  private HttpServer other;
  private Javalin one;
  private final Set<Integer> searched = ConcurrentHashMap.newKeySet();
  private volatile Host target;
  private volatile int status = 200;
  private volatile String body = "{}";
  private volatile boolean hanging;

  @BeforeEach
  void start() throws IOException {
    other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    other.createContext(
        "/",
        exchange -> {
          asked.add(
              exchange.getRequestURI()
                  + " "
                  + exchange.getRequestHeaders().getFirst(Forwarding.HEADER)
                  + (exchange.getRequestHeaders().containsKey("Authorization")
                      ? " " + exchange.getRequestHeaders().getFirst("Authorization")
                      : ""));
          exchange.getResponseHeaders().add("Content-Type", "application/problem+json");
          exchange.getResponseHeaders().add("Retry-After", "7");
          exchange.getResponseHeaders().add("Location", "/elsewhere");
          exchange.getResponseHeaders().add(Forwarding.SEARCHED, "0,2");
          byte[] answered = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, 0); // of unknown length
          exchange.getResponseBody().write(answered);
          if (!hanging) {
            exchange.close();
          }
        });
    other.start();
    target = new Host(ADDRESS, other.getAddress().getPort());
    one =
        Javalin.create(
                config -> {
                  config.routes.get(
                      "/v1/keys/{key}",
                      ctx -> {
                        if (!forwarding.answer(ctx, target, Forwarding.STATE, searched)) {
                          ctx.result(NOT_ANSWERED);
                        }
                      });
                  config.routes.get("/refusal", ctx -> Forwarding.tell(ctx, searched));
                })
            .start(ADDRESS, 0);
  }

  @AfterEach
  void stop() {
    one.stop();
    other.stop(0);
  }

  @Test
  void shouldForwardRequestAndAnswerUnchanged() throws Exception {
    body = "{\"status\":200}";
    HttpResponse<String> answer = get("/v1/keys/a%2Fb%20%C3%BC?text=so%20n%26t&count=3");
    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.body()).isEqualTo("{\"status\":200}");
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    assertThat(asked).containsExactly("/v1/keys/a%2Fb%20%C3%BC?text=so%20n%26t&count=3 state");
  }

  @Test
  void shouldForwardRetryAfter() throws Exception {
    status = 503;
    HttpResponse<String> answer = get("/v1/keys/k?stale=true");
    assertThat(answer.statusCode()).isEqualTo(503);
    assertThat(answer.headers().firstValue("Retry-After")).contains("7");
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/problem+json");
    assertThat(answer.body()).isEqualTo("{}");
  }

  @Test
  void shouldNotForwardAMisdirectedRefusal() throws Exception {
    status = 421;
    assertThat(get("/v1/keys/k").body()).isEqualTo(NOT_ANSWERED);
    assertThat(asked).hasSize(1);
    assertThat(searched).containsExactlyInAnyOrder(0, 2);
  }

  /** Servers limit the headers of an answer. */
  @Test
  void shouldNameSearchedPartitionsOnlyIfTheListFitsAHeader() throws Exception {
    searched.add(3);
    assertThat(get("/refusal").headers().firstValue(Forwarding.SEARCHED)).contains("3");
    for (int partition = 10_000; partition < 11_000; partition++) {
      searched.add(partition);
    }
    assertThat(get("/refusal").headers().firstValue(Forwarding.SEARCHED)).isEmpty();
  }

  /** The address may belong to another program, so its redirects are not followed. */
  @Test
  void shouldFollowNoRedirects() throws Exception {
    status = 302;
    assertThat(get("/v1/keys/k").statusCode()).isEqualTo(302);
    assertThat(asked).containsExactly("/v1/keys/k state");
  }

  @Test
  void shouldReportAnInstanceThatIsGone() throws Exception {
    try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      target = new Host(ADDRESS, closed.getLocalPort());
    }
    assertThat(get("/v1/keys/k").body()).isEqualTo(NOT_ANSWERED);
  }

  @Test
  void shouldEncodeWhatAnUriMayNotContain() throws Exception {
    RawHttp.Answer answer =
        RawHttp.get(
            one.port(), "/v1/keys/k?text=a|b\"{^}%7c+\u00c3\u00bc\\[]`<>", "Host: localhost");
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    assertThat(asked)
        .containsExactly(
            "/v1/keys/k?text=a%7Cb%22%7B%5E%7D%7c+%C3%BC%5C%5B%5D%60%3C%3E " + Forwarding.STATE);
  }

  @Test
  void shouldAskNoHostWhoseNameIsNone() throws Exception {
    target = new Host("app_1", 8080);
    assertThat(get("/v1/keys/k?text=secret").body()).isEqualTo(NOT_ANSWERED);
  }

  @Test
  void shouldReadNoMoreThanTheLargestAnswer() throws Exception {
    body = "a".repeat(Forwarding.MAX_BODY_BYTES);
    assertThat(get("/v1/keys/k").body()).isEqualTo(body);
    body += "a";
    assertThat(get("/v1/keys/k").body()).isEqualTo(NOT_ANSWERED);
  }

  /** Takes 5 s, the time that an answer may take. */
  @Test
  void shouldNotWaitForABodyThatDoesNotEnd() throws Exception {
    hanging = true;
    assertThat(get("/v1/keys/k").body()).isEqualTo(NOT_ANSWERED);
  }

  @Test
  void shouldSendTheTokenAlong() throws Exception {
    forwarding = new Forwarding(Token.of("", "0123456789abcdef"), null);
    get("/v1/keys/k");
    assertThat(asked).containsExactly("/v1/keys/k state Bearer 0123456789abcdef");
  }

  /** The client's token was right. */
  @Test
  void shouldNotForwardTheRefusalOfItsTokenAndWarnOnceUntilItIsTaken() throws Exception {
    List<String> warnings =
        warnings(
            () -> {
              status = 401;
              assertThat(get("/v1/keys/k").body()).isEqualTo(NOT_ANSWERED);
              assertThat(get("/v1/keys/secret").body()).isEqualTo(NOT_ANSWERED);
            });
    String warning =
        target
            + " cannot be asked about its keys: it refuses this instance's token: all instances must"
            + " have the same one";
    assertThat(warnings).containsExactly(warning);
    assertThat(
            warnings(
                () -> {
                  status = 200;
                  get("/v1/keys/k");
                  status = 401;
                  get("/v1/keys/k");
                }))
        .containsExactly(warning);
  }

  /** It would see the token. */
  @Test
  void shouldAskNoProxy() throws Exception {
    ProxySelector before = ProxySelector.getDefault();
    try (ServerSocket proxy = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      ProxySelector.setDefault(
          ProxySelector.of(new InetSocketAddress(proxy.getInetAddress(), proxy.getLocalPort())));
      forwarding = new Forwarding(Token.of("", "0123456789abcdef"), null);
      get("/v1/keys/k");
      assertThat(asked).hasSize(1);
    } finally {
      ProxySelector.setDefault(before);
    }
  }

  /** What is logged meanwhile. */
  static List<String> warnings(ThrowingRunnable work) throws Exception {
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    Logger logger = (Logger) LoggerFactory.getLogger(Forwarding.class);
    logger.addAppender(logged);
    try {
      work.run();
    } finally {
      logger.detachAppender(logged);
    }
    return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  interface ThrowingRunnable {
    void run() throws Exception;
  }

  private HttpResponse<String> get(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + ADDRESS + ":" + one.port() + path)).build();
    return HttpClient.newBuilder()
        .proxy(HttpClient.Builder.NO_PROXY)
        .build()
        .send(request, BodyHandlers.ofString());
  }
}
