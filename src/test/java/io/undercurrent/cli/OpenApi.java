package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion.VersionFlag;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map.Entry;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** Checks real answers against {@code openapi.json}. Thread-safe. */
final class OpenApi {

  private static final JsonMapper JSON = new JsonMapper();
  private static final JsonSchemaFactory SCHEMAS =
      JsonSchemaFactory.getInstance(VersionFlag.V202012); // the JSON Schema version of OpenAPI 3.1

  private final JsonNode document;
  private final JsonSchema enriched;
  private final Set<String> seen = new ConcurrentSkipListSet<>();

  OpenApi() {
    try (InputStream in =
        OpenApi.class.getResourceAsStream("/io/undercurrent/serve/openapi.json")) {
      document = JSON.readTree(in);
      enriched =
          SCHEMAS.getSchema(Files.readString(Path.of("topology", "enriched-record.schema.json")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All described answers, each as {@code GET /path/{parameter} 200}. */
  Set<String> described() {
    Set<String> described = new TreeSet<>();
    for (Entry<String, JsonNode> path : document.path("paths").properties()) {
      for (Entry<String, JsonNode> method : path.getValue().properties()) {
        for (Entry<String, JsonNode> status : method.getValue().path("responses").properties()) {
          described.add(answer(method.getKey(), path.getKey(), status.getKey()));
        }
      }
    }
    return described;
  }

  /** The answers that were checked, in the same form. */
  Set<String> seen() {
    return seen;
  }

  private static String answer(String method, String path, String status) {
    return method.toUpperCase(Locale.ROOT) + " " + path + " " + status;
  }

  /**
   * Checks an answer against the description of its route. A path without a route is not checked.
   */
  void check(String method, String pathAndQuery, HttpResponse<?> answer, String body) {
    check(
        method,
        pathAndQuery,
        answer.statusCode(),
        name -> answer.headers().firstValue(name).orElse(""),
        body);
  }

  /**
   * The same.
   *
   * @param headers returns the value of a header, or an empty string
   */
  void check(
      String method,
      String pathAndQuery,
      int statusCode,
      UnaryOperator<String> headers,
      String body) {
    String path = route(pathAndQuery.replaceFirst("\\?.*", ""));
    if (path == null) {
      return;
    }
    String status = Integer.toString(statusCode);
    String said = answer(method, path, status);
    JsonNode response =
        resolved(
            document
                .path("paths")
                .path(path)
                .path(method.toLowerCase(Locale.ROOT))
                .path("responses")
                .path(status));
    assertThat(response.isObject()).as("%s is described, found %s", said, body).isTrue();
    for (Entry<String, JsonNode> header : response.path("headers").properties()) {
      assertThat(headers.apply(header.getKey())).as(said).isNotEmpty();
    }
    String type = headers.apply("content-type").replaceFirst(";.*", "");
    JsonNode schema = response.path("content").path(type).path("schema");
    assertThat(schema.isObject()).as("%s has %s", said, type).isTrue();
    if (type.endsWith("json")) {
      check(said, schema, body);
    }
    seen.add(said);
  }

  /** The target of a reference such as {@code #/components/responses/Forbidden}. */
  private JsonNode resolved(JsonNode response) {
    String reference = response.path("$ref").asText();
    return reference.isEmpty() ? response : document.at(reference.substring(1));
  }

  /** Checks JSON against a schema of the components. */
  void check(String component, String json) {
    check(
        component, JSON.createObjectNode().put("$ref", "#/components/schemas/" + component), json);
  }

  private void check(String what, JsonNode schema, String json) {
    JsonNode found = parse(json);
    ObjectNode whole = schema.deepCopy();
    whole.set("components", document.path("components")); // the targets of its references
    assertThat(SCHEMAS.getSchema(whole).validate(found)).as("%s: %s", what, json).isEmpty();
    String name = schema.path("$ref").asText();
    if (name.endsWith("/EnrichedRecord")) {
      checkEnriched(what, found);
    } else if (name.endsWith("/Trace")) {
      found.path("records").forEach(record -> checkEnriched(what, withoutReading(record)));
    }
  }

  private void checkEnriched(String what, JsonNode record) {
    Set<ValidationMessage> wrong = enriched.validate(record);
    assertThat(wrong).as("%s: %s", what, record).isEmpty();
  }

  /** A traced record is an enriched record with additional fields. */
  private static JsonNode withoutReading(JsonNode record) {
    return ((ObjectNode) record.deepCopy()).without(Set.of("exact", "before", "pieces"));
  }

  private static JsonNode parse(String json) {
    try {
      return JSON.readTree(json);
    } catch (IOException e) {
      throw new AssertionError("must be JSON, found " + json, e);
    }
  }

  private String route(String path) {
    for (Entry<String, JsonNode> described : document.path("paths").properties()) {
      String pattern = described.getKey().replaceAll("\\{[^}]+}", "\\\\E[^/]+\\\\Q");
      if (Pattern.matches("\\Q" + pattern + "\\E", path)) {
        return described.getKey();
      }
    }
    return null;
  }
}
