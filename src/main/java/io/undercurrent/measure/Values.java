package io.undercurrent.measure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/** Record values as the shipped topology reads them. */
final class Values {

  private static final ObjectMapper JSON = new ObjectMapper();

  private Values() {}

  static byte[] json(String text) {
    try {
      return JSON.writeValueAsBytes(JSON.createObjectNode().put("text", text));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("any text is JSON", e);
    }
  }
}
