package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.internals.LetterHeaders;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;

/**
 * A dead letter: a record of the dead-letter topic whose headers say where it was read.
 *
 * @param reason the code of a {@link DeadLetterReason}, or {@link #UNKNOWN}
 * @param message what is wrong; may have any characters
 * @param topic where the record was read
 * @param timestampMs the timestamp that the record had there, ms since 1970; -1 if unknown
 * @param replayOf the letter that the record was sent again from; null if it was not
 */
record Letter(
    LetterPlace place,
    ConsumerRecord<byte[], byte[]> record,
    String reason,
    String message,
    String topic,
    int partition,
    long offset,
    long timestampMs,
    State state,
    String replayOf) {

  /** Whether the record has changed its key's state. */
  enum State {
    UNCHANGED,
    MOVED,
    UNKNOWN;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static final String UNKNOWN = "unknown";

  private static final Set<String> REASONS =
      Arrays.stream(DeadLetterReason.values())
          .map(DeadLetterReason::code)
          .collect(Collectors.toUnmodifiableSet());

  /** Null if the record is no letter. */
  static Letter of(ConsumerRecord<byte[], byte[]> record) {
    Headers headers = record.headers();
    String topic = text(headers, LetterHeaders.TOPIC);
    Long partition = number(headers, LetterHeaders.PARTITION);
    Long offset = number(headers, LetterHeaders.OFFSET);
    if (topic == null || partition == null || partition > Integer.MAX_VALUE || offset == null) {
      return null;
    }
    String message = text(headers, LetterHeaders.MESSAGE);
    String reason = message == null ? UNKNOWN : message.split(":", 2)[0];
    Long timestampMs = number(headers, DeadLetterHandler.TIMESTAMP_HEADER);
    boolean own = record.timestampType() == TimestampType.CREATE_TIME;
    return new Letter(
        LetterPlace.of(record),
        record,
        REASONS.contains(reason) ? reason : UNKNOWN,
        message == null ? "" : message,
        topic,
        partition.intValue(),
        offset,
        timestampMs != null ? timestampMs : own ? record.timestamp() : -1,
        state(text(headers, DeadLetterHandler.STATE_HEADER)),
        text(headers, LetterHeaders.REPLAY_OF));
  }

  private static State state(String header) {
    return DeadLetterHandler.UNCHANGED.equals(header)
        ? State.UNCHANGED
        : DeadLetterHandler.MOVED.equals(header) ? State.MOVED : State.UNKNOWN;
  }

  /** The last header of a name as text; null if there is none. */
  static String text(Headers headers, String name) {
    Header header = headers.lastHeader(name);
    return header == null || header.value() == null ? null : new String(header.value(), UTF_8);
  }

  private static Long number(Headers headers, String name) {
    String digits = text(headers, name);
    return digits != null && digits.matches("[0-9]{1,18}") ? Long.valueOf(digits) : null;
  }

  /** The record's timestamp, or the letter's if that is unknown; ms since 1970. */
  long timeMs() {
    return timestampMs >= 0 ? timestampMs : record.timestamp();
  }

  /** Whether it has the record. Without it, sending it again would send a tombstone. */
  boolean hasRecord() {
    return record.key() != null || record.value() != null;
  }

  /** {@code TOPIC/PARTITION/OFFSET} of the record. */
  String source() {
    return topic + "/" + partition + "/" + offset;
  }

  /**
   * The headers that the record had in its topic. A record whose state has moved has also got the
   * header of the enricher.
   */
  Headers originalHeaders() {
    List<Header> headers = new ArrayList<>(List.of(record.headers().toArray()));
    LetterHeaders.ADDED.forEach(name -> removeLast(headers, name::equals));
    if (state == State.MOVED) {
      removeLast(headers, name -> name.startsWith(LetterHeaders.MODEL));
    }
    return new RecordHeaders(headers);
  }

  /** The record may have had a header of the same name, which stays. */
  private static void removeLast(List<Header> headers, Predicate<String> name) {
    for (int i = headers.size() - 1; i >= 0; i--) {
      if (name.test(headers.get(i).key())) {
        headers.remove(i);
        return;
      }
    }
  }
}
