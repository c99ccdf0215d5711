package io.undercurrent.streams.internals;

import io.undercurrent.streams.DeadLetterHandler;
import java.util.List;

/**
 * Names of headers of dead letters, beside those of the API. Kafka Streams' own handlers write the
 * first six, too; all values are UTF-8.
 */
public final class LetterHeaders {

  public static final String EXCEPTION = "__streams.errors.exception";

  /** The reason, a colon, and what is wrong. */
  public static final String MESSAGE = "__streams.errors.message";

  public static final String STACKTRACE = "__streams.errors.stacktrace";

  /** Where the record was read: topic, partition and offset, the numbers as decimal digits. */
  public static final String TOPIC = "__streams.errors.topic";

  public static final String PARTITION = "__streams.errors.partition";
  public static final String OFFSET = "__streams.errors.offset";

  /** The name of the header that an enrichment adds begins with this. */
  public static final String MODEL = "undercurrent-model";

  /**
   * Header of a record that was sent again from a dead letter: {@code TOPIC/PARTITION/OFFSET} of
   * the letter. If the record fails again, its new letter has it too.
   */
  public static final String REPLAY_OF = "undercurrent-replay-of";

  /**
   * Header of a marker, a record without key and value in the dead-letter topic: {@code
   * PARTITION/OFFSET} of a letter whose record was sent again in the same transaction.
   */
  public static final String REPLAYED = "undercurrent-replayed";

  /** Header of a marker: {@code TOPIC/PARTITION/OFFSET} of the record that was sent again. */
  public static final String REPLAYED_TO = "undercurrent-replayed-to";

  /** The headers that a letter has and its record had not, in no order. */
  public static final List<String> ADDED =
      List.of(
          EXCEPTION,
          MESSAGE,
          STACKTRACE,
          TOPIC,
          PARTITION,
          OFFSET,
          DeadLetterHandler.TIMESTAMP_HEADER,
          DeadLetterHandler.STATE_HEADER);

  private LetterHeaders() {}
}
