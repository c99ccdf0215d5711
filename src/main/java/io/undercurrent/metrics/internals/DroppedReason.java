package io.undercurrent.metrics.internals;

import io.undercurrent.metrics.MeterNames;
import java.util.Locale;

/**
 * Why a result that was computed ahead is not used. A closed set: {@link #code} is a value of the
 * tag {@link MeterNames#REASON} of {@link MeterNames#AHEAD_DROPPED}.
 */
public enum DroppedReason {
  KEY("The record that arrived has another key."),
  TEXT("The record that arrived has another text."),
  TIMESTAMP("The record that arrived has another timestamp."),
  SOURCE("The record that arrived was read from another topic, partition or offset."),
  STATE("The key's state has changed since."),
  MODEL("Another model is running now."),
  MEMORY("The key was forgotten, or another of its records was computed, in the meantime."),
  PASSED("The record never arrived: an earlier step of the topology dropped it."),
  CLOSED("The processor was closed, or its partition is read again from an earlier offset.");

  private final String description;

  DroppedReason(String description) {
    this.description = description;
  }

  /** The reason in metrics, such as {@code state}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** One sentence for operators. */
  public String description() {
    return description;
  }
}
