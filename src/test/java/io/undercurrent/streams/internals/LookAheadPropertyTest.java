package io.undercurrent.streams.internals;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.LetterModel;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.model.CellType;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.StatePrecision;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.apache.kafka.common.utils.Bytes;
import org.junit.jupiter.api.Test;

/**
 * Tests that every record, state and memory has the same bytes as reading record by record gives.
 * Polls, batch sizes and interruptions are random.
 */
class LookAheadPropertyTest {

  /** One case for each batch size, each with another order of events. */
  private static final int CASES = 64;

  private static final int RECORDS = 400;

  private static final List<Model> MODELS =
      List.of(
          poisoned(LetterModel.of(1)),
          poisoned(LetterModel.of(CellType.GRU, 1, 2)),
          poisoned(LetterModel.of(CellType.RNN, 1, 3)),
          poisoned(LetterModel.of(CellType.FFNN, 3, 4)),
          poisoned(LetterModel.looking(5)),
          poisoned(LetterModel.of(CellType.GRU, 1, new Attention(2, 3), Cache.NONE, 6)),
          poisoned(LetterModel.of(CellType.LSTM, 1, Attention.NONE, new Cache(30, 0.8f, 0.25f), 7)),
          poisoned(
              LetterModel.of(CellType.FFNN, 2, new Attention(1, 3), new Cache(4, 0.8f, 0.2f), 8)));

  @Test
  void shouldGiveTheSameBytesAsReadingRecordByRecord() {
    long used = 0;
    for (int i = 0; i < CASES; i++) {
      Model model = MODELS.get(i % MODELS.size());
      boolean half = i / MODELS.size() % 2 == 0;
      model = model.withStatePrecision(half ? StatePrecision.FP16 : StatePrecision.FP32);
      used += check(model, new SplittableRandom(i), i);
    }
    assertThat(used).isGreaterThan(CASES * RECORDS / 3); // otherwise the test would prove nothing
  }

  private static long check(Model model, SplittableRandom random, int number) {
    EnrichmentSettings settings =
        EnrichmentSettings.DEFAULTS
            .withMaxTokens(25)
            .withBatch(1 + number, random.nextInt(4) == 0 ? 60 : 4_096);
    OneByOne expected = new OneByOne(model, settings);
    int keys = 1 + random.nextInt(12);
    int maxPolled = 1 + random.nextInt(70);
    long used = 0;
    int left = RECORDS;
    Map<Bytes, byte[]> states = Map.of();
    Map<Bytes, byte[]> memories = Map.of();
    while (left > 0) {
      int until = random.nextInt(4) == 0 ? 1 + random.nextInt(left) : left; // then restart
      left -= until;
      try (LookAheadDriver driver = LookAheadDriver.of(model, settings, Map.of())) {
        driver.restore("hidden-state", states);
        if (model.config().hasMemory()) {
          driver.restore("hidden-state-memory", memories);
        }
        List<String> enriched = new ArrayList<>();
        List<String> deadLetters = new ArrayList<>();
        int[] offsets = {0, 0};
        for (int i = 0; i < until; ) {
          for (int n = random.nextInt(maxPolled); n >= 0 && i < until; n--, i++) {
            int topic = random.nextInt(random.nextInt(10) == 0 ? 2 : 1);
            read(driver, expected, topic, offsets[topic]++, keys, random, enriched, deadLetters);
          }
          for (int n = random.nextInt(maxPolled); n >= 0; n--) {
            driver.process();
          }
        }
        driver.processAll();
        assertThat(strings(driver.enriched())).as("case %s", number).isEqualTo(enriched);
        assertThat(strings(driver.deadLetters())).as("case %s", number).isEqualTo(deadLetters);
        states = driver.stored("hidden-state");
        memories = driver.stored("hidden-state-memory");
        assertThat(strings(states)).as("case %s", number).isEqualTo(strings(expected.states));
        assertThat(strings(memories))
            .as("case %s", number)
            .isEqualTo(strings(expected.remembered()));
        used += driver.used();
      }
    }
    return used;
  }

  /** Polls a record, and computes its expected result. */
  private static void read(
      LookAheadDriver driver,
      OneByOne expected,
      int topic,
      int offset,
      int keys,
      SplittableRandom random,
      List<String> enriched,
      List<String> deadLetters) {
    String of = LookAheadDriver.DEFINITION.topics().get(topic);
    byte[] key = random.nextInt(40) == 0 ? null : bytes("k" + random.nextInt(keys));
    byte[] value =
        switch (random.nextInt(25)) {
          case 0 -> null;
          case 1 -> new byte[] {(byte) 0xff};
          case 2 -> bytes("a z b"); // z spoils the state
          case 3 -> bytes(" ");
          default -> bytes(letters(random));
        };
    Long timestampMs = (long) random.nextInt(1_000);
    driver.poll(of, key, value, timestampMs);
    Source source = new Source(of, 0, offset, timestampMs);
    if (key == null || value != null && value[0] == (byte) 0xff) {
      deadLetters.add(string(value));
      return;
    }
    try {
      enriched.add(expected.read(key, string(value), timestampMs, source));
    } catch (BadRecordException e) {
      assertThat(e.reason()).isEqualTo(DeadLetterReason.NOT_FINITE);
      deadLetters.add(string(value));
    }
  }

  private static String letters(SplittableRandom random) {
    StringBuilder text = new StringBuilder();
    for (int n = random.nextInt(random.nextInt(6) == 0 ? 40 : 8); n >= 0; n--) {
      text.append((char) ('a' + random.nextInt(25))).append(' ');
    }
    return text.toString();
  }

  /** The same network, except that a weight of the word z is NaN. */
  static Model poisoned(Model model) {
    Parameters parameters = new Parameters(model.config().tensors());
    SplittableRandom random = new SplittableRandom(model.config().hiddenSize());
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = (float) (2 * random.nextDouble() - 1);
    }
    int z = model.tokenizer().encode("z", 1).ids()[0];
    int at = parameters.offset("embedding.weight") + z * model.config().embeddingSize();
    parameters.values()[at] = Float.NaN;
    return new Model(
        model.config(),
        model.tokenizer(),
        new Network(model.config(), parameters, Kernels.best()),
        model.fingerprint());
  }

  private static List<String> strings(List<byte[]> values) {
    return values.stream().map(LookAheadPropertyTest::string).toList();
  }

  private static List<String> strings(Map<Bytes, byte[]> entries) {
    return entries.entrySet().stream()
        .map(entry -> entry.getKey() + "=" + java.util.HexFormat.of().formatHex(entry.getValue()))
        .toList();
  }

  private static String string(byte[] value) {
    return value == null ? null : new String(value, UTF_8);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }
}
