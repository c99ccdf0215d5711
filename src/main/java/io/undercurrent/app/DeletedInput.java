package io.undercurrent.app;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;

/**
 * Finds records of the source topics that were deleted before the application read them. Names each
 * of them once. Used by one thread at a time.
 */
final class DeletedInput {

  private final Map<TopicPartition, Long> named = new HashMap<>(); // up to these offsets

  /**
   * One line for each topic with deleted records.
   *
   * @param beginnings the first offset that each partition still has
   * @param committed the next offset that the application will read; without partitions of which it
   *     has read nothing
   */
  List<String> lines(Map<TopicPartition, Long> beginnings, Map<TopicPartition, Long> committed) {
    Map<String, Map<Integer, String>> ranges = new TreeMap<>();
    Map<String, Long> counts = new HashMap<>();
    beginnings.forEach(
        (partition, beginning) -> {
          long from =
              Math.max(committed.getOrDefault(partition, 0L), named.getOrDefault(partition, 0L));
          if (from < beginning) {
            named.put(partition, beginning);
            counts.merge(partition.topic(), beginning - from, Long::sum);
            ranges
                .computeIfAbsent(partition.topic(), topic -> new TreeMap<>())
                .put(
                    partition.partition(),
                    "partition %d offsets %d to %d"
                        .formatted(partition.partition(), from, beginning - 1));
          }
        });
    List<String> lines = new ArrayList<>();
    ranges.forEach(
        (topic, found) ->
            lines.add(
                "topic %s: up to %d records were deleted before they were read, and are not enriched: %s; see its retention.ms and retention.bytes, against the records' timestamps"
                    .formatted(topic, counts.get(topic), String.join(", ", found.values()))));
    return lines;
  }
}
