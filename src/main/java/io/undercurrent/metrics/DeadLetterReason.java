package io.undercurrent.metrics;

import java.util.Locale;

/**
 * Why a record goes to the dead letters. A closed set: {@link #code} is a value of the tag {@link
 * MeterNames#REASON} of {@link MeterNames#DEAD_LETTERS}, and starts the dead letter's message.
 */
public enum DeadLetterReason {
  NULL_KEY("The record has no key."),
  INVALID_KEY("The key is not of the stream's key encoding."),
  INVALID_UTF8("The value is not UTF-8."),
  MALFORMED_JSON("The value is not JSON."),
  MISSING_TEXT("The value has no text where the text is expected."),
  TEXT_NOT_A_STRING("The value found where the text is expected is not a string."),
  MISSING_KEY("The value has no key where the key is expected."),
  KEY_NOT_SCALAR(
      "The value found where the JSON pointer to the key points is not a string, number or"
          + " boolean."),
  TOMBSTONE_WITHOUT_KEY("The value is null, but the key is read from the value."),
  TOO_LARGE("The record to be written is larger than the producer may send or its topic accepts."),
  TIMESTAMP_OUT_OF_RANGE(
      "The record's timestamp is further from the present than a topic to be written accepts."),
  REFUSED("The broker refused the record to be written."),
  NOT_FINITE("A number in the key's next state or in the result is NaN or infinite."),
  DESERIALIZATION("A serde could not read the record's key or value."),
  SERIALIZATION("A serde could not write a key or value."),
  OTHER("The cause is none of the others: please report it.");

  private final String description;

  DeadLetterReason(String description) {
    this.description = description;
  }

  /** The reason in metrics and dead letters, such as {@code null-key}. */
  public String code() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** One sentence for operators. */
  public String description() {
    return description;
  }
}
