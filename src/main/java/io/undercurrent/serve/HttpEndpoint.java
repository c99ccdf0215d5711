package io.undercurrent.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.Javalin;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP side of an app.
 *
 * <table>
 * <caption>Routes of its own, all GET; {@link QueryRoutes} and {@link LiveRoutes} add theirs</caption>
 * <tr><td>{@code /metrics}</td><td>Prometheus text format 0.0.4</td></tr>
 * <tr><td>{@code /health/live}</td><td>503 when only a restart helps, else 200</td></tr>
 * <tr><td>{@code /health/ready}</td><td>503 while it does not process records, else 200</td></tr>
 * </table>
 *
 * <p>Health answers are {@code {"status":"UP"}} or {@code {"status":"DOWN"}}, the latter with a
 * {@code reason} if there is one to tell; a supplier that throws counts as down. Anything else is
 * answered with 404. Errors are problem details (RFC 9457) with one sentence for the client.
 *
 * <p>Connections, threads and bodies are bounded. A client that holds many of them or sends slowly
 * can delay other clients' answers, but not the processing of records.
 *
 * <p>Thread safe. The suppliers are called on the endpoint's own threads, several at a time, and
 * must not block for long. The threads are daemons: an endpoint that nobody closes does not keep
 * the JVM alive.
 */
public final class HttpEndpoint implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HttpEndpoint.class);

  private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";
  private static final String JSON = "application/json";
  private static final int MIN_THREADS = 2;
  private static final int MAX_THREADS = 24;
  private static final int THREAD_IDLE_TIMEOUT_MS = 30_000;
  private static final int MAX_CONNECTIONS = 512;

  /** How long a connection may neither send nor receive a byte. */
  private static final int CONNECTION_IDLE_TIMEOUT_MS = 20_000;

  /** Bytes of a request's head. The longest text fits, with nine bytes for each char. */
  private static final int MAX_HEAD_BYTES = 1 << 16;

  /** Bytes of the largest request body. */
  private static final int MAX_BODY_BYTES = 1 << 20;

  private static final long STOP_TIMEOUT_MS = 1_000;

  private final Javalin app;
  private final List<Routes> routes;
  private final int port;

  private HttpEndpoint(Javalin app, List<Routes> routes) {
    this.app = app;
    this.routes = routes;
    this.port = app.port();
  }

  /** The same without more routes and without a reason. */
  static HttpEndpoint start(
      String host, int port, Supplier<String> scrape, BooleanSupplier live, BooleanSupplier ready) {
    return start(
        host,
        port,
        scrape,
        live,
        () -> ready.getAsBoolean() ? Optional.empty() : Optional.of(""),
        List.of());
  }

  /**
   * Binds and answers from then on.
   *
   * @param host the address to bind; {@code 0.0.0.0} for all
   * @param port 0 for any free one
   * @param scrape the meters in Prometheus text format; not null, never returns null
   * @param live whether the app works, or may work again without a restart
   * @param notReady why the app does not process records now; empty if it does
   * @param more more routes; closed when the endpoint is, also where it cannot bind
   * @throws IllegalStateException with a message for the user if it cannot bind; nothing is left
   *     running then
   */
  public static HttpEndpoint start(
      String host,
      int port,
      Supplier<String> scrape,
      BooleanSupplier live,
      Supplier<Optional<String>> notReady,
      List<Routes> more) {
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(scrape, "scrape");
    Objects.requireNonNull(live, "live");
    Objects.requireNonNull(notReady, "notReady");
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException(
          "undercurrent.http.port must be between 0 and 65535, found " + port);
    }
    QueuedThreadPool threads =
        new QueuedThreadPool(MAX_THREADS, MIN_THREADS, THREAD_IDLE_TIMEOUT_MS);
    threads.setName("http");
    threads.setDaemon(true);
    threads.setStopTimeout(STOP_TIMEOUT_MS);
    Javalin app =
        Javalin.create(
            config -> {
              config.startup.showJavalinBanner = false;
              config.startup.showOldJavalinVersionWarning = false;
              config.startup.startupWatcherEnabled = false;
              config.jetty.threadPool = threads;
              config.jetty.modifyServer(
                  server -> server.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, server)));
              config.jetty.modifyHttpConfiguration(
                  http -> {
                    http.setIdleTimeout(CONNECTION_IDLE_TIMEOUT_MS);
                    http.setRequestHeaderSize(MAX_HEAD_BYTES);
                    http.setSendServerVersion(false);
                  });
              config.http.maxRequestSize = MAX_BODY_BYTES;
              addOwn(config.routes, scrape, live, notReady);
              more.forEach(routes -> routes.add(config));
              config.routes.exception(Problem.class, (problem, ctx) -> problem.answer(ctx));
              config.routes.exception(HttpResponseException.class, HttpEndpoint::answerRefusal);
              config.routes.exception(
                  Exception.class,
                  (e, ctx) -> {
                    log.warn("{} {} failed: {}", ctx.method(), ctx.path(), e.toString());
                    new Problem(HttpStatus.INTERNAL_SERVER_ERROR, "internal error").answer(ctx);
                  });
            });
    try {
      return new HttpEndpoint(app.start(host, port), more);
    } catch (RuntimeException e) {
      more.forEach(Routes::close);
      app.stop();
      throw new IllegalStateException(reason(host, port, e), e);
    }
  }

  /** Adds the endpoint's own routes. */
  static void addOwn(
      RoutesConfig routes,
      Supplier<String> scrape,
      BooleanSupplier live,
      Supplier<Optional<String>> notReady) {
    routes.get("/metrics", ctx -> ctx.contentType(PROMETHEUS_TEXT).result(scrape.get()));
    routes.get(
        "/health/live",
        ctx -> health(ctx, () -> live.getAsBoolean() ? Optional.empty() : Optional.of("")));
    routes.get("/health/ready", ctx -> health(ctx, notReady));
  }

  /** Answers a request that Javalin itself refuses. */
  private static void answerRefusal(HttpResponseException e, Context ctx) {
    HttpStatus status = HttpStatus.forStatus(e.getStatus());
    String detail =
        switch (status) {
          case NOT_FOUND -> "there is nothing at this path";
          case CONTENT_TOO_LARGE ->
              "the body must have at most %d bytes, found more".formatted(MAX_BODY_BYTES);
          default -> e.getMessage();
        };
    new Problem(status, detail).answer(ctx);
  }

  private static String reason(String host, int port, RuntimeException failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (!isOfThisMachine(new InetSocketAddress(host, port))) {
      return "http host %s is not an address of this machine: choose another with undercurrent.http.host"
          .formatted(host);
    }
    if (cause instanceof BindException) {
      return "http port %d on %s is in use: choose another with undercurrent.http.port"
          .formatted(port, host);
    }
    return "http port %d on %s cannot be bound: %s".formatted(port, host, cause.getMessage());
  }

  private static boolean isOfThisMachine(InetSocketAddress address) {
    InetAddress ip = address.getAddress();
    try {
      return ip != null
          && (ip.isAnyLocalAddress()
              || ip.isLoopbackAddress()
              || NetworkInterface.getByInetAddress(ip) != null);
    } catch (SocketException e) {
      return true;
    }
  }

  /**
   * @param down why it is down, which may be empty text; empty if it is up
   */
  private static void health(Context ctx, Supplier<Optional<String>> down) {
    Optional<String> reason = Optional.of("");
    try {
      reason = down.get();
    } catch (RuntimeException e) {
      log.warn("{} counts as down: {}", ctx.path(), e.toString());
    }
    ObjectNode answer = Answers.object().put("status", reason.isEmpty() ? "UP" : "DOWN");
    reason.filter(text -> !text.isEmpty()).ifPresent(text -> answer.put("reason", text));
    ctx.status(reason.isEmpty() ? HttpStatus.OK : HttpStatus.SERVICE_UNAVAILABLE)
        .contentType(JSON)
        .result(Answers.bytes(answer));
  }

  /** The port it listens on, also where 0 was asked for. */
  public int port() {
    return port;
  }

  /**
   * Stops listening at once; a request still being answered is cut off. Takes a second at most;
   * further calls do nothing.
   */
  @Override
  public void close() {
    routes.forEach(Routes::close);
    app.stop();
  }
}
