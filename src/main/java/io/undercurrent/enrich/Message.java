package io.undercurrent.enrich;

import java.util.Objects;

/**
 * A record's text on its way to the network, whole: limits are applied when it is read.
 *
 * @param source where the record was read from; null to take it from the record that carries the
 *     message
 */
public record Message(String text, Source source) {

  public Message {
    Objects.requireNonNull(text, "text");
  }

  /** A text that came with the record that carries it. */
  public static Message of(String text) {
    return new Message(text, null);
  }
}
