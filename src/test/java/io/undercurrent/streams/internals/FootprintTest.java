package io.undercurrent.streams.internals;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.LetterModel;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.CellType;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.StatePrecision;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares the formula with the bytes in the stores and in their changelogs. */
class FootprintTest {

  private static final List<String> KEYS = List.of("k-1", "k-2", "k-3");
  private static final int KEY_BYTES = 3;
  private static final int TOKENS = 5;

  static Stream<Arguments> models() {
    Attention attention = new Attention(3, 5);
    return Stream.of(
            LetterModel.of(1),
            LetterModel.of(CellType.GRU, 1, 2),
            LetterModel.of(CellType.FFNN, 3, 3),
            LetterModel.looking(4),
            LetterModel.of(CellType.RNN, 1, attention, Cache.NONE, 5),
            LetterModel.of(CellType.LSTM, 1, Attention.NONE, new Cache(4, 1, 0.2f), 6),
            LetterModel.of(CellType.LSTM, 1, Attention.NONE, new Cache(25, 1, 0.2f), 7),
            LetterModel.of(CellType.LSTM, 1, attention, new Cache(24, 1, 0.2f), 8))
        .flatMap(
            model ->
                Stream.of(StatePrecision.values())
                    .map(p -> Arguments.of(p, model.fingerprint(), model)));
  }

  @ParameterizedTest(name = "{0}, model {1}")
  @MethodSource("models")
  void shouldEqualTheBytesInStoresAndChangelogs(StatePrecision precision, String name, Model of) {
    Model model = of.withStatePrecision(precision);
    Footprint footprint = new Footprint(model);
    try (LookAheadDriver driver =
        LookAheadDriver.of(model, EnrichmentSettings.DEFAULTS.withBatch(1, 1), Map.of())) {
      for (int i = 0; i < 12; i++) { // more than any of the models remembers
        read(driver, i);
      }
      changelogBytes(driver);
      double metered = driver.registry.get(MeterNames.STORED_BYTES).counter().count();

      read(driver, 12);

      long written = changelogBytes(driver);
      assertThat(written).isEqualTo(KEYS.size() * footprint.changelogBytes(KEY_BYTES, TOKENS));
      assertThat(driver.registry.get(MeterNames.STORED_BYTES).counter().count() - metered)
          .isEqualTo(written);
      assertThat(storedBytes(driver, "hidden-state") + storedBytes(driver, "hidden-state-memory"))
          .isEqualTo(KEYS.size() * footprint.keyBytes(KEY_BYTES, TOKENS));
      assertThat(driver.stored("hidden-state-memory"))
          .hasSize((int) (KEYS.size() * footprint.rememberedRecords(TOKENS)));
    }
  }

  /** A tombstone deletes the state and every entry; each deletion writes a key to a changelog. */
  @ParameterizedTest(name = "{0}, model {1}")
  @MethodSource("models")
  void shouldCountTheBytesOfDeletions(StatePrecision precision, String name, Model of) {
    Model model = of.withStatePrecision(precision);
    try (LookAheadDriver driver =
        LookAheadDriver.of(model, EnrichmentSettings.DEFAULTS.withBatch(1, 1), Map.of())) {
      for (int i = 0; i < 12; i++) { // past as many as any of them remembers
        read(driver, i);
      }
      changelogBytes(driver);
      double metered = driver.registry.get(MeterNames.STORED_BYTES).counter().count();

      for (String key : KEYS) {
        driver.poll("messages", key.getBytes(UTF_8), null, 12);
        driver.process();
      }

      long remembered = new Footprint(model).rememberedRecords(TOKENS);
      long ofKey = KEY_BYTES + remembered * MemoryStore.keyBytes(Bytes.wrap(new byte[KEY_BYTES]));
      assertThat(changelogBytes(driver)).isEqualTo(KEYS.size() * ofKey);
      assertThat(driver.registry.get(MeterNames.STORED_BYTES).counter().count() - metered)
          .isEqualTo(KEYS.size() * ofKey);
      assertThat(driver.stored("hidden-state")).isEmpty();
      assertThat(driver.stored("hidden-state-memory")).isEmpty();
    }
  }

  /** The numbers in the documentation. */
  @Test
  void shouldEqualTheDocumentedFootprintOfTheShippedModel() {
    Model model = Checkpoint.load(Checkpoint.DEFAULT);

    assertThat(new Footprint(model.withStatePrecision(StatePrecision.FP16)).keyBytes(10, 20))
        .isEqualTo(10 + 49 + 6 * 320);
    assertThat(new Footprint(model.withStatePrecision(StatePrecision.FP32)).keyBytes(10, 20))
        .isEqualTo(10 + 49 + 8 * 320);
  }

  private static void read(LookAheadDriver driver, int i) {
    for (String key : KEYS) {
      driver.poll("messages", key.getBytes(UTF_8), "a b c d e".getBytes(UTF_8), i);
      driver.process();
    }
  }

  private static long storedBytes(LookAheadDriver driver, String store) {
    return driver.stored(store).entrySet().stream()
        .mapToLong(entry -> entry.getKey().get().length + entry.getValue().length)
        .sum();
  }

  /** The keys and values written to the changelogs since the last call. */
  private static long changelogBytes(LookAheadDriver driver) {
    return Stream.of("test-hidden-state-changelog", "test-hidden-state-memory-changelog")
        .flatMap(
            topic ->
                driver
                    .driver
                    .createOutputTopic(
                        topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
                    .readRecordsToList()
                    .stream())
        .mapToLong(FootprintTest::bytes)
        .sum();
  }

  private static long bytes(TestRecord<byte[], byte[]> record) {
    return record.key().length + (record.value() == null ? 0 : record.value().length);
  }
}
