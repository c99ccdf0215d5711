package io.undercurrent.serve;

import io.javalin.Javalin;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpResponseException;
import io.javalin.http.HttpStatus;
import io.javalin.router.Endpoint;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.util.function.Consumer;
import javax.net.ssl.SSLContext;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.HostPort;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One port with threads of its own. Threads, connections, heads and bodies are bounded. Each
 * request passes the {@link Door}. All errors are problem details.
 */
final class WebServer implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(WebServer.class);

  private static final int MIN_THREADS = 2;
  private static final int THREAD_IDLE_TIMEOUT_MS = 30_000;
  private static final int MAX_CONNECTIONS = 512;

  /** How long a connection may neither send nor receive a byte. */
  private static final int CONNECTION_IDLE_TIMEOUT_MS = 20_000;

  /**
   * The same when there are as many connections as there may be, so that half-sent requests make
   * room. A live page gets an event each second.
   */
  private static final int CROWDED_IDLE_TIMEOUT_MS = 2_000;

  /** Bytes of a request's head. The longest text fits, with nine bytes for each char. */
  private static final int MAX_HEAD_BYTES = 1 << 16;

  /** Bytes of the largest request body. */
  private static final int MAX_BODY_BYTES = 1 << 20;

  private static final long STOP_TIMEOUT_MS = 1_000;

  private final String host;
  private final int port;
  private final String settings;
  private final SSLContext tls; // null without encryption
  private final Javalin app;
  private volatile int bound;

  /**
   * @param host the address to bind
   * @param port 0 for any free one
   * @param settings what the names of the settings for host and port begin with
   * @param tls null without encryption
   * @param others threads that requests other than health may hold at the same time; there are as
   *     many again for the page's files, for health and for reading requests
   */
  WebServer(
      String host,
      int port,
      String settings,
      SSLContext tls,
      int others,
      Door door,
      Consumer<JavalinConfig> routes) {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException(
          "%s.port must be between 0 and 65535, found %d".formatted(settings, port));
    }
    this.host = host;
    this.port = port;
    this.settings = settings;
    this.tls = tls;
    JettyErrors errors = new JettyErrors(MAX_HEAD_BYTES);
    QueuedThreadPool threads =
        new QueuedThreadPool(2 * others, MIN_THREADS, THREAD_IDLE_TIMEOUT_MS);
    threads.setName("http");
    threads.setDaemon(true);
    threads.setStopTimeout(STOP_TIMEOUT_MS);
    app =
        Javalin.create(
            config -> {
              config.startup.showJavalinBanner = false;
              config.startup.showOldJavalinVersionWarning = false;
              config.startup.startupWatcherEnabled = false;
              config.jetty.threadPool = threads;
              config.jetty.modifyServer(
                  server -> {
                    NetworkConnectionLimit limit =
                        new NetworkConnectionLimit(MAX_CONNECTIONS, server);
                    limit.setEndPointIdleTimeout(CROWDED_IDLE_TIMEOUT_MS);
                    server.addBean(limit);
                    server.insertHandler(new SpareThreads(others, others / 2));
                    server.insertHandler(new AnswerHeaders());
                    server.setErrorHandler(errors);
                  });
              config.jetty.modifyServletContextHandler(servlet -> servlet.setErrorHandler(errors));
              config.jetty.addConnector(this::connector);
              config.http.maxRequestSize = MAX_BODY_BYTES;
              config.router.javaLangErrorHandler(
                  (answer, error) -> {
                    log.error("a request failed", error); // the process can end if it must
                    answer.setStatus(HttpStatus.INTERNAL_SERVER_ERROR.getCode());
                  });
              config.routes.before(door::check);
              config.routes.before(PercentEncoding::check);
              routes.accept(config);
              config.routes.exception(Problem.class, (problem, ctx) -> problem.answer(ctx));
              config.routes.exception(HttpResponseException.class, WebServer::answerRefusal);
              config.routes.exception(Exception.class, WebServer::answerFailure);
            });
  }

  private Connector connector(Server server, HttpConfiguration http) {
    http.setIdleTimeout(CONNECTION_IDLE_TIMEOUT_MS);
    http.setRequestHeaderSize(MAX_HEAD_BYTES);
    http.setSendServerVersion(false);
    HttpConnectionFactory http1 = new HttpConnectionFactory(http);
    ServerConnector connector;
    if (tls == null) {
      connector = new ServerConnector(server, http1);
    } else {
      // Probes by IP address have no SNI, so the Host header is not compared with it.
      http.addCustomizer(new SecureRequestCustomizer(false));
      SslContextFactory.Server ssl = new SslContextFactory.Server();
      ssl.setSslContext(tls);
      connector = new ServerConnector(server, ssl, http1);
    }
    connector.setHost(host);
    connector.setPort(port);
    connector.setIdleTimeout(CONNECTION_IDLE_TIMEOUT_MS);
    return connector;
  }

  /**
   * Binds.
   *
   * @throws IllegalStateException with a message for the user if it cannot
   */
  void start() {
    try {
      app.start();
      bound = app.port();
    } catch (RuntimeException e) {
      throw new IllegalStateException(reason(e), e);
    }
  }

  /** The port it listens on, also where 0 was asked for. */
  int port() {
    return bound;
  }

  /** Such as {@code http://127.0.0.1:8080}. */
  String address() {
    return "%s://%s:%d"
        .formatted(tls == null ? "http" : "https", HostPort.normalizeHost(host), bound);
  }

  /** Stops listening at once; a request still being answered is cut off. */
  @Override
  public void close() {
    app.stop();
  }

  private static void answerFailure(Exception e, Context ctx) {
    if (!hasEnded(ctx)) {
      logFailure(ctx, e);
      new Problem(HttpStatus.INTERNAL_SERVER_ERROR, "internal error").answer(ctx);
    }
  }

  /** Whether an asynchronous request's client has gone. Jetty then has nothing left of it. */
  private static boolean hasEnded(Context ctx) {
    try {
      ctx.res().getStatus();
      return false;
    } catch (IllegalStateException | NullPointerException e) {
      return true;
    }
  }

  /**
   * Logs where an answer failed. The request's path and the exception's message may contain keys
   * and texts, so the route and the place in the code are logged instead.
   */
  private static void logFailure(Context ctx, Exception e) {
    Endpoint route = ctx.endpoints().lastHttpEndpoint();
    StackTraceElement[] stack = e.getStackTrace();
    log.warn(
        "{} {} failed: {} at {}",
        ctx.method(),
        route == null ? "of no route" : route.path,
        e.getClass().getName(),
        stack.length == 0 ? "an unknown place" : stack[0]);
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

  private String reason(RuntimeException failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (!isOfThisMachine(new InetSocketAddress(host, port))) {
      return "http host %s is not an address of this machine: choose another with %s.host"
          .formatted(host, settings);
    }
    if (cause instanceof BindException) {
      return PortOwner.of(port)
          .map(
              owner ->
                  "http port %d on %s is in use by %s%s choose another with %s.port"
                      .formatted(
                          port, host, owner, owner.arguments() == null ? ":" : ", or", settings))
          .orElse(
              "http port %d on %s is in use: choose another with %s.port"
                  .formatted(port, host, settings));
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
}
