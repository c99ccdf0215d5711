package io.undercurrent.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.javalin.Javalin;
import io.undercurrent.LetterModel;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.query.internals.ConversationTrace;
import io.undercurrent.query.internals.OnDemand;
import io.undercurrent.query.internals.StreamsQueries;
import io.undercurrent.query.internals.StreamsQueries.Host;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map.Entry;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class OpenApiTest {

  @Test
  void shouldDescribeAllRoutes() throws Exception {
    Model model = LetterModel.of(1);
    EnrichmentSettings settings = EnrichmentSettings.DEFAULTS;
    TopologyDefinition definition = TopologyDefinition.shipped();
    StreamsQueries queries =
        new StreamsQueries(
            () -> null, Host.of(Host.unreachable("nowhere")), model, settings, () -> 1, false);
    LiveFeed feed =
        new LiveFeed(
            (lookBack, listener) -> {
              throw new AssertionError("nobody looks");
            },
            definition.keyEncoding());
    QueryRoutes query =
        new QueryRoutes(
            queries,
            () -> new OnDemand(model, settings),
            definition,
            "",
            feed,
            new Forwarding(null, null),
            Shown.EVERYTHING);
    LiveRoutes live =
        new LiveRoutes(
            feed,
            1,
            queries,
            definition,
            new ModelIdentity("m", "0"),
            () -> new ConversationTrace(model, settings),
            null,
            Shown.EVERYTHING);
    Set<String> routes = new TreeSet<>();
    Javalin.create(
        config -> {
          config.events.handlerAdded(
              route -> routes.add(route.getHttpMethod() + " " + route.getPath()));
          HttpEndpoint.addOwn(config.routes, () -> "", () -> true, Optional::empty);
          query.add(config);
          live.add(config);
        });
    routes.add("GET /"); // the page is a file
    try (InputStream json = QueryRoutes.class.getResourceAsStream("openapi.json")) {
      assertThat(described(new JsonMapper().readTree(json))).isEqualTo(routes);
    }
  }

  @Test
  void shouldDescribeTheKeyEncodingsThatThereAre() throws Exception {
    JsonNode document;
    try (InputStream json = QueryRoutes.class.getResourceAsStream("openapi.json")) {
      document = new JsonMapper().readTree(json);
    }
    List<String> codes = new ArrayList<>(KeyEncoding.codes());
    int parameters = 0;
    for (JsonNode parameter : document.path("paths").findValues("parameters")) {
      for (JsonNode one : parameter) {
        if (one.path("name").asText().equals("keyEncoding")) {
          assertThat(strings(one.at("/schema/enum"))).isEqualTo(codes);
          parameters++;
        }
      }
    }
    assertThat(parameters).isEqualTo(3);
    codes.remove(KeyEncoding.TEXT.code()); // is left out in answers
    assertThat(strings(document.at("/components/schemas/KeyEncoding/enum"))).isEqualTo(codes);
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(string -> strings.add(string.textValue()));
    return strings;
  }

  private static Set<String> described(JsonNode document) {
    Set<String> described = new TreeSet<>();
    for (Entry<String, JsonNode> path : document.path("paths").properties()) {
      for (Entry<String, JsonNode> method : path.getValue().properties()) {
        described.add(method.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey());
      }
    }
    return described;
  }
}
