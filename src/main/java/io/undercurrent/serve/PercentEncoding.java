package io.undercurrent.serve;

import io.javalin.http.Context;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** Percent-encoding of paths and queries (RFC 3986). Its errors never contain the text. */
final class PercentEncoding {

  /** Characters besides letters and digits that may stand in a path or a query as they are. */
  private static final String AS_THEY_ARE = "-._~!$&'()*+,;=:@/?";

  private PercentEncoding() {}

  /**
   * Refuses a path or query that cannot be decoded as it was meant: a percent sign that two hex
   * digits do not follow, and bytes that are not UTF-8.
   */
  static void check(Context ctx) {
    check("path", ctx.req().getRequestURI());
    if (ctx.queryString() != null) {
      check("query", ctx.queryString());
    }
  }

  /** The same for a path or a query alone. */
  static void check(String what, String raw) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (int i = 0; i < raw.length(); ) {
      if (raw.charAt(i) != '%') {
        int next = raw.offsetByCodePoints(i, 1);
        bytes.writeBytes(raw.substring(i, next).getBytes(StandardCharsets.UTF_8));
        i = next;
      } else if (isEncoded(raw, i)) {
        bytes.write(Integer.parseInt(raw, i + 1, i + 3, 16));
        i += 3;
      } else {
        throw Problem.badRequest(
            "the %% at char %d of the %s is not followed by two hex digits: write %%25 for a %%"
                .formatted(i + 1, what));
      }
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes.toByteArray()));
    } catch (CharacterCodingException e) {
      throw Problem.badRequest("the %s must be UTF-8, found other bytes".formatted(what));
    }
  }

  /** Encodes what an URI may not contain. What is encoded already stays as it is. */
  static String encode(String raw) {
    StringBuilder encoded = new StringBuilder();
    for (int i = 0; i < raw.length(); ) {
      int next = raw.offsetByCodePoints(i, 1);
      if (isUnreserved(raw.charAt(i)) || isEncoded(raw, i)) {
        encoded.append(raw.charAt(i));
      } else {
        for (byte b : raw.substring(i, next).getBytes(StandardCharsets.UTF_8)) {
          encoded.append("%%%02X".formatted(b));
        }
      }
      i = next;
    }
    return encoded.toString();
  }

  private static boolean isUnreserved(char c) {
    return c >= 'a' && c <= 'z'
        || c >= 'A' && c <= 'Z'
        || c >= '0' && c <= '9'
        || AS_THEY_ARE.indexOf(c) >= 0;
  }

  private static boolean isEncoded(String raw, int i) {
    return raw.charAt(i) == '%'
        && i + 2 < raw.length()
        && isHex(raw.charAt(i + 1))
        && isHex(raw.charAt(i + 2));
  }

  private static boolean isHex(char c) {
    return c < 128 && Character.digit(c, 16) >= 0;
  }
}
