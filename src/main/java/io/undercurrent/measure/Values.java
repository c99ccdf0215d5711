package io.undercurrent.measure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;

/** Makes record values in the format that the shipped topology reads. */
final class Values {

  private static final ObjectMapper JSON = new ObjectMapper();

  private Values() {}

  static byte[] json(String text) {
    try {
      return JSON.writeValueAsBytes(JSON.createObjectNode().put("text", text));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree cannot fail to be written", e);
    }
  }
}
