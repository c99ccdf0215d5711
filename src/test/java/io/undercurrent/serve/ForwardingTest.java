package io.undercurrent.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.javalin.Javalin;
import io.undercurrent.query.internals.StreamsQueries.Host;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Answers that an instance forwards from another one, which the test plays. */
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ForwardingTest {
  private static final String ADDRESS = "127.0.0.1";
  private static final String NOT_ANSWERED = "not answered";

  private final BlockingQueue<String> asked = new LinkedBlockingQueue<>();
  private final Forwarding forwarding = new Forwarding();
  private HttpServer other;
  private Javalin one;
  private final Set<Integer> searched = ConcurrentHashMap.newKeySet();
  private volatile Host target;
  private volatile int status;

  @BeforeEach
  void start() throws IOException {
    other = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    other.createContext(
        "/",
        exchange -> {
          asked.add(
              exchange.getRequestURI()
                  + " "
                  + exchange.getRequestHeaders().getFirst(Forwarding.HEADER));
          exchange.getResponseHeaders().add("Content-Type", "application/problem+json");
          exchange.getResponseHeaders().add("Retry-After", "7");
          exchange.getResponseHeaders().add("Location", "/elsewhere");
          exchange.getResponseHeaders().add(Forwarding.SEARCHED, "0,2");
          byte[] body = ("{\"status\":" + status + "}").getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    other.start();
    target = new Host(ADDRESS, other.getAddress().getPort());
    one =
        Javalin.create(
                config ->
                    config.routes.get(
                        "/v1/keys/{key}",
                        ctx -> {
                          if (!forwarding.answer(ctx, target, Forwarding.STATE, searched)) {
                            ctx.result(NOT_ANSWERED);
                          }
                        }))
            .start(ADDRESS, 0);
  }

  @AfterEach
  void stop() {
    one.stop();
    other.stop(0);
  }

  @Test
  void shouldForwardRequestAndAnswerUnchanged() throws Exception {
    status = 200;
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
    assertThat(answer.body()).isEqualTo("{\"status\":503}");
  }

  @Test
  void shouldNotForwardAMisdirectedRefusal() throws Exception {
    status = 421;
    assertThat(get("/v1/keys/k").body()).isEqualTo(NOT_ANSWERED);
    assertThat(asked).hasSize(1);
    assertThat(searched).containsExactlyInAnyOrder(0, 2);
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

  private HttpResponse<String> get(String path) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://" + ADDRESS + ":" + one.port() + path)).build();
    return HttpClient.newHttpClient().send(request, BodyHandlers.ofString());
  }
}
