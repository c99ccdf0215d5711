package io.undercurrent.query.internals;

import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.inference.KeyState;

/**
 * What was found under a key. Belongs to whoever asked for it: the store's own copy is not in it.
 */
public final class StoredKey {

  private final KeyState state;
  private final Long behind;

  /**
   * @param behind null for the state itself; how many writes a copy of it lacks, -1 if unknown
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

  /** Whether it comes from a copy that may lack the last records. */
  public boolean stale() {
    return behind != null;
  }

  /**
   * Writes to the store, of all keys of the partition, that the copy lacks at least; null unless
   * {@link #stale}, and where it is unknown.
   */
  public Long behind() {
    return behind == null || behind < 0 ? null : behind;
  }
}
