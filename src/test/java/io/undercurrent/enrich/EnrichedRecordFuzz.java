package io.undercurrent.enrich;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.OneLineMessage;

/**
 * Any bytes as an enriched record: what is read can be written, and is the same when read again.
 */
public final class EnrichedRecordFuzz implements FuzzTarget {

  @Override
  public void read(byte[] input) {
    EnrichedRecord record;
    try {
      record = EnrichedRecordJson.fromJson(input);
    } catch (IllegalArgumentException e) {
      OneLineMessage.check(e);
      return;
    }
    byte[] json = EnrichedRecordJson.toJson(record);
    assertThat(EnrichedRecordJson.toJson(EnrichedRecordJson.fromJson(json))).isEqualTo(json);
  }
}
