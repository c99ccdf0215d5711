package io.undercurrent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.io.Json;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Compares the committed records of an enriched topic and its dead letters with what an undisturbed
 * application would have written: the output of {@code enrich} over the same input.
 *
 * @param lost records of the input without an enriched record or letter
 * @param doubled second and later enriched records or letters of one record
 * @param outOfOrder enriched records behind one of the same key with a higher offset
 * @param diverged enriched records with other bytes than expected
 * @param examples the first findings, for a reader
 */
record SoakCheck(int lost, int doubled, int outOfOrder, int diverged, List<String> examples) {

  private static final int EXAMPLES = 10;

  /** The place of a record of the input. */
  record Place(int partition, long offset) {}

  /**
   * Compares.
   *
   * @param expected the enriched records, by key, in order
   * @param bad the places of the records that become letters
   */
  static SoakCheck of(
      Map<String, List<String>> expected,
      Set<Place> bad,
      List<ConsumerRecord<byte[], byte[]>> enriched,
      List<ConsumerRecord<byte[], byte[]>> letters)
      throws Exception {
    Map<Place, String> wanted = new HashMap<>();
    for (List<String> lines : expected.values()) {
      for (String line : lines) {
        wanted.put(place(line), line);
      }
    }
    List<String> examples = new ArrayList<>();
    int doubled = 0;
    int outOfOrder = 0;
    int diverged = 0;
    Set<Place> seen = new HashSet<>();
    Map<String, Long> last = new LinkedHashMap<>();
    for (ConsumerRecord<byte[], byte[]> record : enriched) {
      String line = new String(record.value(), StandardCharsets.UTF_8);
      Place place = place(line);
      if (!seen.add(place)) {
        doubled++;
        add(examples, "doubled", line);
      }
      String key = new String(record.key(), StandardCharsets.UTF_8);
      if (last.getOrDefault(key, -1L) > place.offset) {
        outOfOrder++;
        add(examples, "out of order", line);
      }
      last.put(key, place.offset);
      if (!line.equals(wanted.get(place))) {
        diverged++;
        add(examples, "diverged", line + "\n  expected " + wanted.get(place));
      }
    }
    Set<Place> lettersSeen = new HashSet<>();
    for (ConsumerRecord<byte[], byte[]> letter : letters) {
      Place place =
          new Place(
              Integer.parseInt(header(letter, "__streams.errors.partition")),
              Long.parseLong(header(letter, "__streams.errors.offset")));
      if (!lettersSeen.add(place)) {
        doubled++;
        add(examples, "doubled letter", place.toString());
      }
      if (!bad.contains(place)) {
        diverged++;
        add(examples, "letter of a good record", place.toString());
      }
    }
    Set<Place> lost = new HashSet<>(wanted.keySet());
    lost.removeAll(seen);
    Set<Place> lostLetters = new HashSet<>(bad);
    lostLetters.removeAll(lettersSeen);
    lost.addAll(lostLetters);
    lost.forEach(place -> add(examples, "lost", place.toString()));
    return new SoakCheck(lost.size(), doubled, outOfOrder, diverged, List.copyOf(examples));
  }

  /** Whether every record is there once, in order, with the expected bytes. */
  boolean isClean() {
    return lost + doubled + outOfOrder + diverged == 0;
  }

  private static void add(List<String> examples, String kind, String what) {
    if (examples.size() < EXAMPLES) {
      examples.add(kind + ": " + what);
    }
  }

  private static Place place(String line) throws Exception {
    JsonNode source = Json.parse(line).path("source");
    return new Place(source.path("partition").intValue(), source.path("offset").longValue());
  }

  private static String header(ConsumerRecord<byte[], byte[]> letter, String name) {
    return new String(letter.headers().lastHeader(name).value(), StandardCharsets.UTF_8);
  }
}
