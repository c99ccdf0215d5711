package io.undercurrent.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.enrich.EnrichedRecord;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * A key as the page writes it.
 *
 * @param encoding {@code base64} for a key that is not valid UTF-8, otherwise null
 */
record LiveKey(String text, String encoding) {

  static LiveKey of(EnrichedRecord record) {
    return of(record.keyBytes()); // as the keys of questions and of tombstones
  }

  static LiveKey of(byte[] key) {
    try {
      return new LiveKey(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(key)).toString(), null);
    } catch (CharacterCodingException e) {
      return new LiveKey(Base64.getEncoder().encodeToString(key), EnrichedRecord.BASE64);
    }
  }

  void put(ObjectNode json) {
    json.put("key", text);
    if (encoding != null) {
      json.put("keyEncoding", encoding);
    }
  }
}
