package io.undercurrent.inference;

import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.Source;

/**
 * A record to be enriched. With the key's state it is all that the result depends on.
 *
 * @param key what the enriched record says as its key
 * @param text any chars; a surrogate without its partner is read as U+FFFD. Null for a tombstone,
 *     which makes the key forgotten
 * @param timestampMs of the record, ms since 1970; null if it has none
 * @param source where the record was read; null if unknown
 */
public record Message(KeyText key, String text, Long timestampMs, Source source) {

  /** Whether it makes its key forgotten. */
  public boolean isTombstone() {
    return text == null;
  }
}
