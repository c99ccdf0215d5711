package io.undercurrent.app;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.streams.internals.TimestampRange;
import org.apache.kafka.streams.processor.api.ContextualFixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyRecord;

/**
 * The processor behind a repartition topic that checks a record's timestamp once more, because the
 * record may have waited there. Throws {@link BadRecordException} for one that a topic to be
 * written would refuse.
 */
final class TimestampCheck
    extends ContextualFixedKeyProcessor<byte[], TextAndSource, TextAndSource> {

  private final TimestampRange accepted;

  TimestampCheck(TimestampRange accepted) {
    this.accepted = accepted;
  }

  @Override
  public void process(FixedKeyRecord<byte[], TextAndSource> record) {
    requireInRange(record.timestamp(), accepted);
    context().forward(record);
  }

  /** Everything that is written for a record has its timestamp. */
  static void requireInRange(long timestampMs, TimestampRange accepted) {
    accepted
        .problem(timestampMs, System.currentTimeMillis())
        .ifPresent(
            problem -> {
              throw new BadRecordException(
                  DeadLetterReason.TIMESTAMP_OUT_OF_RANGE, "the timestamp must " + problem);
            });
  }
}
