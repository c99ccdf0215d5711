package io.undercurrent.enrich;

import java.util.Objects;

/**
 * Where a record was read from, before any repartition.
 *
 * @param timestampMs of the record, ms since 1970; null if it had none
 */
public record Source(String topic, int partition, long offset, Long timestampMs) {

  public Source {
    Objects.requireNonNull(topic, "topic");
  }
}
