package io.undercurrent.enrich;

import org.apache.kafka.common.utils.Bytes;

/**
 * A record as the enrichment sees it: all that its result depends on beside its key's state and
 * memory. Two that are equal give equal results.
 *
 * @param key as state is kept by
 * @param text any chars; surrogates without a partner are read as U+FFFD. Null for a tombstone
 * @param timestampMs of the record, or null
 * @param source where the record was read from, or null
 */
public record Subject(Bytes key, String text, Long timestampMs, Source source) {

  public boolean isTombstone() {
    return text == null;
  }
}
