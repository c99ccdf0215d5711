package io.undercurrent.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import io.undercurrent.query.internals.TracedRecord;
import io.undercurrent.query.internals.TracedRecord.Piece;
import java.io.IOException;
import java.util.List;

/**
 * Reads request bodies and writes answers as JSON. Enriched records are written as in the topic.
 */
final class Answers {

  private Answers() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  static byte[] bytes(JsonNode json) {
    try {
      return Json.STRICT.writeValueAsBytes(json);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree cannot fail to be written", e);
    }
  }

  /**
   * A request's body.
   *
   * @throws Problem if it is not one JSON object
   */
  static ObjectNode read(byte[] body) {
    JsonNode json;
    try {
      json = Json.parse(body);
    } catch (MalformedJsonException e) {
      throw Problem.badRequest("the body " + e.getMessage());
    }
    if (json instanceof ObjectNode object) {
      return object;
    }
    throw Problem.badRequest("the body must be a JSON object, found " + Json.found(json));
  }

  static ObjectNode of(EnrichedRecord record) {
    try {
      return (ObjectNode) Json.STRICT.readTree(EnrichedRecordJson.toJson(record));
    } catch (IOException e) {
      throw new IllegalStateException("what was just written can be read", e);
    }
  }

  static ObjectNode of(ModelIdentity model) {
    return object().put("name", model.name()).put("fingerprint", model.fingerprint());
  }

  static ArrayNode of(List<NextToken> next) {
    ArrayNode tokens = array();
    for (NextToken token : next) {
      tokens
          .addObject()
          .put("token", token.token())
          .put("probability", (float) token.probability());
    }
    return tokens;
  }

  /** Writes a key as enriched records do. */
  static void put(ObjectNode json, KeyText key) {
    json.put("key", key.text());
    if (key.encoding() != null) {
      json.put("keyEncoding", key.encoding());
    }
  }

  /** A score; null for NaN, that of a model whose labels have no valences. */
  private static Float score(double score) {
    return Double.isNaN(score) ? null : (float) score;
  }

  static ObjectNode of(TracedRecord traced) {
    ObjectNode json = of(traced.record());
    json.put("exact", traced.exact()).put("before", score(traced.before()));
    ArrayNode pieces = json.putArray("pieces");
    for (Piece piece : traced.pieces()) {
      ObjectNode node =
          pieces
              .addObject()
              .put("text", piece.text())
              .put("score", score(piece.score()))
              .put("bits", (float) piece.bits())
              .put("probability", (float) piece.probability());
      node.set("expected", of(piece.expected()));
    }
    return json;
  }
}
