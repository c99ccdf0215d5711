package io.undercurrent.query;

import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import java.util.List;

/**
 * What is known of a key after its last record. Immutable.
 *
 * @param conversation the key's running sentiment, records and tokens so far
 * @param lastTimestampMs the latest timestamp among its records, ms since 1970; null if none had
 *     one
 * @param next what the network expects next, most probable first; empty where it was not asked for
 */
public record KeyView(Conversation conversation, Long lastTimestampMs, List<NextToken> next) {

  public KeyView {
    next = List.copyOf(next);
  }
}
