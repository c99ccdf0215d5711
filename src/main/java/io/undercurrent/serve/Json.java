package io.undercurrent.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.query.TracedRecord;
import io.undercurrent.query.TracedRecord.Piece;
import io.undercurrent.streams.EnrichedRecordSerde;
import java.io.IOException;
import java.util.List;

/** The JSON of answers: enriched records as the topic has them, and what is made around them. */
final class Json {

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  static byte[] bytes(JsonNode json) {
    try {
      return JSON.writeValueAsBytes(json);
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
    try {
      JsonNode json = JSON.readTree(body);
      if (json instanceof ObjectNode object) {
        return object;
      }
      throw Problem.badRequest(
          "the body must be a JSON object, found "
              + (json.isMissingNode() ? "nothing" : json.getNodeType().name().toLowerCase()));
    } catch (JsonProcessingException e) {
      throw Problem.badRequest("the body must be JSON, found: " + oneLine(e.getOriginalMessage()));
    } catch (IOException e) {
      throw Problem.badRequest("the body must be JSON, found other bytes");
    }
  }

  private static String oneLine(String message) {
    String line = message.replaceAll("\\s+", " ");
    return line.length() <= 200 ? line : line.substring(0, 200) + "...";
  }

  static ObjectNode of(EnrichedRecord record) {
    try {
      return (ObjectNode) JSON.readTree(EnrichedRecordSerde.toJson(record));
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

  static ObjectNode of(TracedRecord traced) {
    ObjectNode json = of(traced.record());
    json.put("exact", traced.exact()).put("before", (float) traced.before());
    ArrayNode pieces = json.putArray("pieces");
    for (Piece piece : traced.pieces()) {
      ObjectNode node =
          pieces
              .addObject()
              .put("text", piece.text())
              .put("score", (float) piece.score())
              .put("bits", (float) piece.bits())
              .put("probability", (float) piece.probability());
      node.set("expected", of(piece.expected()));
    }
    return json;
  }
}
