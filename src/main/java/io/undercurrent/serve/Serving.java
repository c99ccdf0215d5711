package io.undercurrent.serve;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undercurrent.app.DefinitionException;
import io.undercurrent.app.Meters;
import io.undercurrent.app.SourceTopic;
import io.undercurrent.app.StreamsApp;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.query.internals.ConversationTrace;
import io.undercurrent.query.internals.OnDemand;
import io.undercurrent.query.internals.StreamsQueries;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the HTTP endpoint of {@code run} and {@code demo}. */
public final class Serving {

  private static final Logger log = LoggerFactory.getLogger(Serving.class);

  private Serving() {}

  /**
   * Serves the app's meters, health and queries, and the live page if the settings want it.
   *
   * @param port overrides the setting; {@link UndercurrentConfig#HTTP_OFF} to serve only the
   *     management port, which there must be then
   * @throws IllegalStateException if it cannot bind
   * @throws io.undercurrent.config.SettingsException if a file of the settings cannot be used
   */
  public static HttpEndpoint start(
      UndercurrentConfig config,
      int port,
      TopologyDefinition definition,
      StreamsApp app,
      PrometheusMeterRegistry registry) {
    if (port == UndercurrentConfig.HTTP_OFF) {
      return endpoint(config, port, app, registry, null, null, List.of());
    }
    Token token = Token.of(config.httpTokenFile(), System.getenv(Token.ENVIRONMENT));
    SSLContext tls = Tls.of(config);
    HttpEndpoint endpoint =
        endpoint(
            config, port, app, registry, token, tls, routes(config, definition, app, token, tls));
    if (!isLoopback(config.httpHost())) {
      warn(config, endpoint.address(), token, tls);
    }
    return endpoint;
  }

  private static List<Routes> routes(
      UndercurrentConfig config,
      TopologyDefinition definition,
      StreamsApp app,
      Token token,
      SSLContext tls) {
    Shown shown = Shown.of(config);
    StreamsQueries queries = app.queries();
    EnrichmentSettings settings = app.enrichment();
    Model model = app.model();
    LiveFeed feed =
        config.livePage() ? new LiveFeed(app.enrichedTopic(), definition.keyEncoding()) : null;
    List<Routes> routes = new ArrayList<>();
    routes.add(
        new QueryRoutes(
            queries,
            () -> new OnDemand(model, settings),
            definition,
            app.description(),
            feed,
            new Forwarding(token, tls),
            shown));
    if (feed != null) {
      routes.add(
          new LiveRoutes(
              feed,
              config.liveStreams(),
              queries,
              definition,
              new ModelIdentity(model.name(), model.fingerprint()),
              () -> new ConversationTrace(model, settings),
              config.liveInput() ? input(app) : null,
              shown));
    }
    return routes;
  }

  private static HttpEndpoint endpoint(
      UndercurrentConfig config,
      int port,
      StreamsApp app,
      PrometheusMeterRegistry registry,
      Token token,
      SSLContext tls,
      List<Routes> routes) {
    Door door =
        new Door(
            List.of(config.httpHost(), config.httpManagementHost(), app.queries().self().name()),
            config.httpAllowedHosts(),
            token);
    return HttpEndpoint.start(
        new Listening(
            config.httpHost(),
            port,
            door,
            tls,
            config.httpManagementHost(),
            config.httpManagementPort()),
        () -> Meters.scrape(registry),
        app::isLive,
        app::notReady,
        routes.toArray(Routes[]::new));
  }

  private static void warn(UndercurrentConfig config, String address, Token token, SSLContext tls) {
    if (token == null) {
      log.warn(
          "HTTP IS OPEN: whoever reaches {} can {}. Set undercurrent.http.token.file, or"
              + " undercurrent.http.host to an address that only you can reach.",
          address,
          open(config));
    } else if (tls == null) {
      log.warn(
          "{} is not encrypted: the token and all answers can be read on the network. Set"
              + " undercurrent.http.ssl.certificate.file and undercurrent.http.ssl.key.file, or"
              + " let a proxy end TLS.",
          address);
    }
  }

  /** What can be done without a token. */
  private static String open(UndercurrentConfig config) {
    List<String> open = new ArrayList<>();
    if (config.livePage()) {
      open.add(config.httpTexts() ? "read texts and keys" : "read keys");
    } else if (config.httpKeys()) {
      open.add("ask about keys");
    }
    if (config.livePage() && config.liveInput()) {
      open.add("send messages");
    }
    if (config.httpEnrich()) {
      open.add("enrich texts");
    }
    open.add("read metrics");
    return String.join(", ", open);
  }

  private static boolean isLoopback(String host) {
    try {
      return InetAddress.getByName(host).isLoopbackAddress();
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private static SourceTopic input(StreamsApp app) {
    try {
      return app.sourceTopic();
    } catch (DefinitionException e) {
      log.warn("messages cannot be sent from the page: {}", e.getMessage());
      return null;
    }
  }
}
