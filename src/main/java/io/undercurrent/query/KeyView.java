package io.undercurrent.query;

import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import java.util.List;

/**
 * The state of a key after its last record, as a query returns it. Immutable.
 *
 * @param conversation the key's running sentiment, records and tokens so far
 * @param lastTimestampMs the latest timestamp among its records, ms since 1970; null if none had
 *     one
 * @param next the likeliest first words of the key's next record, most probable first; empty if
 *     none were asked for
 */
public record KeyView(Conversation conversation, Long lastTimestampMs, List<NextToken> next) {

  public KeyView {
    next = List.copyOf(next);
  }
}
