package io.undercurrent.app;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.common.TopicPartition;

/**
 * Finds records of the source topics that were deleted before the application read them. Names each
 * of them once. What was deleted before the first look counts only in partitions of which the
 * application has read something. Used by one thread at a time.
 */
final class DeletedInput {

  /** Where the next deleted record would be, as of the last look. */
  private final Map<TopicPartition, Long> seen = new HashMap<>();

  /**
   * What a look found.
   *
   * @param begins one line for each topic of which the application reads partitions for the first
   *     time that do not begin at offset 0
   * @param deleted one line for each topic with deleted records
   */
  record Look(List<String> begins, List<String> deleted) {}

  /**
   * @param beginnings the first offset that each partition still has
   * @param committed the next offset that the application will read; without partitions of which it
   *     has read nothing
   */
  Look look(Map<TopicPartition, Long> beginnings, Map<TopicPartition, Long> committed) {
    Map<String, Map<Integer, String>> begins = new TreeMap<>();
    Map<String, Map<Integer, String>> ranges = new TreeMap<>();
    Map<String, Long> counts = new HashMap<>();
    beginnings.forEach(
        (partition, beginning) -> {
          Long before = seen.put(partition, beginning);
          Long read = committed.get(partition);
          if (before == null && read == null) {
            if (beginning > 0) {
              add(begins, partition, "%d in partition %d", beginning, partition.partition());
            }
            return;
          }
          long from = Math.max(before == null ? 0 : before, read == null ? 0 : read);
          if (from < beginning) {
            counts.merge(partition.topic(), beginning - from, Long::sum);
            add(
                ranges,
                partition,
                "partition %d offsets %d to %d",
                partition.partition(),
                from,
                beginning - 1);
          }
        });
    List<String> first = new ArrayList<>();
    begins.forEach(
        (topic, found) ->
            first.add(
                "topic %s begins at offset %s"
                    .formatted(topic, String.join(", ", found.values()))));
    List<String> deleted = new ArrayList<>();
    ranges.forEach(
        (topic, found) ->
            deleted.add(
                "topic %s: up to %d records were deleted before they were read, and are not enriched: %s; the topic's retention.ms or retention.bytes is too small for these records"
                    .formatted(topic, counts.get(topic), String.join(", ", found.values()))));
    return new Look(first, deleted);
  }

  private static void add(
      Map<String, Map<Integer, String>> lines,
      TopicPartition partition,
      String line,
      Object... arguments) {
    lines
        .computeIfAbsent(partition.topic(), topic -> new TreeMap<>())
        .put(partition.partition(), line.formatted(arguments));
  }
}
