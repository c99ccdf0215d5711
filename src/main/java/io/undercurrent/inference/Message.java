package io.undercurrent.inference;

import io.undercurrent.enrich.Source;
import java.nio.ByteBuffer;

/**
 * A record to be enriched. Its outcome depends on nothing but the message and its key's state.
 * Immutable; nobody may write into the key's bytes.
 *
 * @param key the key's bytes, under which its state is stored; null if the state has no key
 * @param text any chars; a surrogate without its partner is read as U+FFFD. Null for a tombstone,
 *     which deletes the key's state
 * @param timestampMs of the record, ms since 1970; null if it has none
 * @param source where the record was read; null if unknown
 */
public record Message(ByteBuffer key, String text, Long timestampMs, Source source) {

  /** Whether it deletes its key's state. */
  public boolean isTombstone() {
    return text == null;
  }
}
