package io.undercurrent.inference;

import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;

/**
 * The state of one key after its last record. Immutable by convention: enriching a record returns a
 * new one, and nothing may write into its arrays.
 *
 * @param records the number of records so far, with empty ones
 * @param tokens the number of tokens so far, without end-of-record tokens
 * @param lastTimestampMs the latest timestamp among the records; null if none had one
 * @param conversationScore running sentiment from -1 to 1; null before the first token
 * @param hidden the network's hidden state, never null
 * @param memory past records for a model that looks back; null for other models
 */
public record KeyState(
    long records,
    long tokens,
    Long lastTimestampMs,
    Double conversationScore,
    HiddenState hidden,
    Memory memory) {

  /** For a model that never looks back. */
  public KeyState(
      long records,
      long tokens,
      Long lastTimestampMs,
      Double conversationScore,
      HiddenState hidden) {
    this(records, tokens, lastTimestampMs, conversationScore, hidden, null);
  }

  /** The state of a key without records. */
  public static KeyState fresh(Model model) {
    Memory memory = model.config().hasMemory() ? new Memory(model.config()) : null;
    return new KeyState(0, 0, null, null, model.initialState(), memory);
  }

  /**
   * The key's state one record later.
   *
   * @param tokens the number of tokens in the record, at least 0
   * @param timestampMs of the record; null if it has none
   * @param score the conversation's score after the record; null before the first token
   */
  KeyState afterRecord(
      int tokens, Long timestampMs, Double score, HiddenState hidden, Memory memory) {
    return new KeyState(
        records + 1,
        this.tokens + tokens,
        latest(lastTimestampMs, timestampMs),
        score,
        hidden,
        memory);
  }

  private static Long latest(Long a, Long b) {
    if (a == null || b == null) {
      return a == null ? b : a;
    }
    return Math.max(a, b);
  }
}
