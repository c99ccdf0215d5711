package io.undercurrent.enrich;

import java.util.Objects;

/**
 * The topic, partition and offset that a record was first read from, before any repartition.
 *
 * @param timestampMs the record's timestamp, ms since 1970; null if it had none
 */
public record Source(String topic, int partition, long offset, Long timestampMs) {

  public Source {
    Objects.requireNonNull(topic, "topic");
  }
}
