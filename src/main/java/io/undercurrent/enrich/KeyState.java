package io.undercurrent.enrich;

import io.undercurrent.model.HiddenState;

/**
 * What is known of one key after its last record. Immutable but for the arrays of {@code hidden},
 * which the network moves on in place: whoever decoded the state owns them.
 *
 * @param records read so far, empty ones too
 * @param tokens read so far, without end-of-record tokens
 * @param lastTimestampMs the latest timestamp among them; null if none had one
 * @param conversationScore running sentiment from -1 to 1; null before the first token
 * @param hidden what the network remembers, never null
 */
public record KeyState(
    long records, long tokens, Long lastTimestampMs, Double conversationScore, HiddenState hidden) {

  /** The state of a key without records. */
  public static KeyState fresh(HiddenState initial) {
    return new KeyState(0, 0, null, null, initial);
  }

  /**
   * The same key one record later; {@code hidden} stays the object it is.
   *
   * @param tokens in the record, at least 0
   * @param timestampMs of the record, or null
   * @param score the conversation's score from now on, or null
   */
  public KeyState afterRecord(int tokens, Long timestampMs, Double score) {
    return new KeyState(
        records + 1, this.tokens + tokens, latest(lastTimestampMs, timestampMs), score, hidden);
  }

  private static Long latest(Long a, Long b) {
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    return Math.max(a, b);
  }
}
