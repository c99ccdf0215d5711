package io.undercurrent.cli;

import io.undercurrent.streams.internals.LetterHeaders;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.StreamsConfig;

/**
 * The committed records of a dead-letter topic up to the end that it had at one time: letters,
 * markers of letters that were sent again, and records of others. A marker is in its letter's
 * partition, behind the letter, so that it is not deleted earlier. Not thread-safe.
 */
final class DeadLetterTopic {

  static final String CLIENT_ID = "undercurrent-dead-letters";

  private final WholeTopic topic;
  private final Map<TopicPartition, WholeTopic.Range> ranges;
  private final Map<LetterPlace, String> replayed = new HashMap<>();
  private long others;

  private DeadLetterTopic(WholeTopic topic, Map<TopicPartition, WholeTopic.Range> ranges) {
    this.topic = topic;
    this.ranges = ranges;
    topic.read(ranges, this::mark, (done, all) -> {});
  }

  /** Reads the topic to the first open transaction of each partition. */
  static DeadLetterTopic committed(String name, StreamsConfig streams) {
    WholeTopic topic = new WholeTopic(name, streams, CLIENT_ID);
    return new DeadLetterTopic(topic, topic.committed());
  }

  /**
   * Reads the topic to its end. It waits until the transactions that are open there end, because
   * there may be a marker behind them.
   */
  static DeadLetterTopic written(String name, StreamsConfig streams) {
    WholeTopic topic = new WholeTopic(name, streams, CLIENT_ID);
    return new DeadLetterTopic(topic, topic.written());
  }

  private void mark(ConsumerRecord<byte[], byte[]> record) {
    if (isMarker(record)) {
      String of = Letter.text(record.headers(), LetterHeaders.REPLAYED);
      LetterPlace place = of == null ? null : LetterPlace.parseOrNull(of);
      if (place != null && place.partition() == record.partition()) {
        String to = Letter.text(record.headers(), LetterHeaders.REPLAYED_TO);
        replayed.put(place, to == null ? "" : to);
      }
    } else if (Letter.of(record) == null) {
      others++;
    }
  }

  /** A letter has such a header too if its record had it. */
  private static boolean isMarker(ConsumerRecord<byte[], byte[]> record) {
    return record.key() == null
        && record.value() == null
        && record.headers().lastHeader(LetterHeaders.REPLAYED) != null
        && record.headers().lastHeader(LetterHeaders.TOPIC) == null;
  }

  /** Calls the reader with each letter, by partition and offset. */
  void read(Consumer<Letter> reader) {
    read(ranges, reader);
  }

  private void read(Map<TopicPartition, WholeTopic.Range> part, Consumer<Letter> reader) {
    topic.read(
        part,
        record -> {
          Letter letter = Letter.of(record);
          if (letter != null) {
            reader.accept(letter);
          }
        },
        (done, all) -> {});
  }

  /** The letter at a place; null if there is none. */
  Letter at(LetterPlace place) {
    Letter[] found = new Letter[1];
    ranges.forEach(
        (partition, range) -> {
          if (partition.partition() == place.partition()
              && place.offset() >= range.first()
              && place.offset() < range.end()) {
            WholeTopic.Range one = new WholeTopic.Range(place.offset(), place.offset() + 1);
            read(Map.of(partition, one), letter -> found[0] = letter);
          }
        });
    return found[0];
  }

  /**
   * {@code TOPIC/PARTITION/OFFSET} to which a letter's record was sent again, or an empty text if
   * that is unknown; null if it was not.
   */
  String replayedTo(LetterPlace place) {
    return replayed.get(place);
  }

  /** The number of records without the headers of a letter. */
  long others() {
    return others;
  }
}
