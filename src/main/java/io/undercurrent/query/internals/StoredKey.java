package io.undercurrent.query.internals;

import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.inference.KeyState;

/** What is stored for a key. It is a copy that the caller owns. */
public final class StoredKey {

  private final KeyState state;
  private final Long behind;

  /**
   * @param behind null if this is the state itself; otherwise the number of writes that this
   *     standby's copy lacks, -1 if unknown
   */
  StoredKey(KeyState state, Long behind) {
    this.state = state;
    this.behind = behind;
  }

  KeyState state() {
    return state;
  }

  /** The key's records so far and their running sentiment. */
  public Conversation conversation() {
    return new Conversation(state.conversationScore(), state.records(), state.tokens());
  }

  /** The latest timestamp among the key's records, ms since 1970; null if none had one. */
  public Long lastTimestampMs() {
    return state.lastTimestampMs();
  }

  /** Whether it comes from a standby's copy, which may lack the last records. */
  public boolean stale() {
    return behind != null;
  }

  /**
   * The minimum number of writes to the partition's store, of all keys, that the copy lacks; null
   * if unknown or not {@link #stale}.
   */
  public Long behind() {
    return behind == null || behind < 0 ? null : behind;
  }
}
