package io.undercurrent.inference;

import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.Source;

/**
 * A record to be enriched. The result depends only on it, the key's state, the model and the
 * settings.
 *
 * @param key the key as the enriched record shows it
 * @param text any chars; an unpaired surrogate is read as U+FFFD. Null for a tombstone, which
 *     deletes the key's state
 * @param timestampMs of the record, ms since 1970; null if it has none
 * @param source topic, partition and offset that the record was read from; null if unknown
 */
public record Message(KeyText key, String text, Long timestampMs, Source source) {

  /** Whether it deletes its key's state. */
  public boolean isTombstone() {
    return text == null;
  }
}
