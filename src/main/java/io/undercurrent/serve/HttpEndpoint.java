package io.undercurrent.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
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
 * can delay other clients' answers, but not the processing of records. Health has threads that
 * other requests cannot take. Metrics and health can have a second port, whose connections are
 * their own too.
 *
 * <p>Thread safe. The suppliers are called on the endpoint's own threads, several at a time, and
 * must not block for long. The threads are daemons: an endpoint that nobody closes does not keep
 * the JVM alive.
 */
public final class HttpEndpoint implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HttpEndpoint.class);

  private static final String PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";
  private static final String JSON = "application/json";

  /** Requests other than health and the page's files that are answered at the same time. */
  static final int REQUESTS = 100;

  private static final int MANAGEMENT_REQUESTS = 4;

  private final List<WebServer> servers = new ArrayList<>(); // the last one has health and metrics
  private final List<Routes> routes;

  private HttpEndpoint(List<Routes> routes) {
    this.routes = routes;
  }

  /**
   * Binds and answers from then on.
   *
   * @param scrape the meters in Prometheus text format; not null, never returns null
   * @param live whether the app works, or may work again without a restart
   * @param notReady why the app does not process records now; empty if it does
   * @param more closed when the endpoint is, also where it cannot bind
   * @throws IllegalStateException with a message for the user if it cannot bind; nothing is left
   *     running then
   */
  static HttpEndpoint start(
      Listening listening,
      Supplier<String> scrape,
      BooleanSupplier live,
      Supplier<Optional<String>> notReady,
      Routes... more) {
    Objects.requireNonNull(scrape, "scrape");
    Objects.requireNonNull(live, "live");
    Objects.requireNonNull(notReady, "notReady");
    List<Routes> routes = List.of(more);
    HttpEndpoint endpoint = new HttpEndpoint(routes);
    try {
      boolean management = listening.managementPort() != Listening.NONE;
      if (listening.port() != Listening.NONE || !management) {
        endpoint.serve(
            new WebServer(
                listening.host(),
                listening.port(),
                "undercurrent.http",
                listening.tls(),
                REQUESTS,
                listening.door(),
                config -> {
                  addOwn(config.routes, scrape, live, notReady);
                  routes.forEach(group -> group.add(config));
                }));
      }
      if (management) {
        endpoint.serve(
            new WebServer(
                listening.managementHost(),
                listening.managementPort(),
                "undercurrent.http.management",
                null,
                MANAGEMENT_REQUESTS,
                listening.door().unlocked(),
                config -> addOwn(config.routes, scrape, live, notReady)));
      }
      return endpoint;
    } catch (RuntimeException e) {
      endpoint.close();
      throw e;
    }
  }

  private void serve(WebServer server) {
    servers.add(server); // closed also if it does not start
    server.start();
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

  /**
   * The port it listens on, also where 0 was asked for: that of management if it is the only one.
   */
  public int port() {
    return servers.get(0).port();
  }

  /** The port of health and metrics: {@link #port} if they have none of their own. */
  int managementPort() {
    return servers.get(servers.size() - 1).port();
  }

  /**
   * The address of its pages, such as {@code http://127.0.0.1:8080}: that of management if there
   * are no pages.
   */
  public String address() {
    return servers.get(0).address();
  }

  /** The address of health and metrics: {@link #address} if they have none of their own. */
  public String managementAddress() {
    return servers.get(servers.size() - 1).address();
  }

  /**
   * Stops listening at once; a request still being answered is cut off. Takes a second at most for
   * each port; further calls do nothing.
   */
  @Override
  public void close() {
    routes.forEach(Routes::close);
    servers.forEach(WebServer::close);
  }
}
