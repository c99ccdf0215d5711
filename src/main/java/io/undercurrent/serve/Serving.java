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
   * @param port overrides the setting
   * @throws IllegalStateException if it cannot bind
   * @throws io.undercurrent.config.SettingsException if a file of the settings cannot be used
   */
  public static HttpEndpoint start(
      UndercurrentConfig config,
      int port,
      TopologyDefinition definition,
      StreamsApp app,
      PrometheusMeterRegistry registry) {
    Token token = Token.of(config.httpTokenFile(), System.getenv(Token.ENVIRONMENT));
    SSLContext tls = Tls.of(config);
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
    Door door =
        new Door(
            List.of(config.httpHost(), queries.self().name()), config.httpAllowedHosts(), token);
    HttpEndpoint endpoint =
        HttpEndpoint.start(
            new Listening(config.httpHost(), port, door, tls, config.httpManagementPort()),
            () -> Meters.scrape(registry),
            app::isLive,
            app::notReady,
            routes.toArray(Routes[]::new));
    if (token == null && !isLoopback(config.httpHost())) {
      log.warn(
          "HTTP IS OPEN: whoever reaches {}:{} can read texts and keys{}. Set"
              + " undercurrent.http.token.file, or undercurrent.http.host to an address that only"
              + " you can reach.",
          config.httpHost(),
          endpoint.port(),
          config.liveInput() ? ", and send messages" : "");
    }
    return endpoint;
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
