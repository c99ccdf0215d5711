package io.undercurrent.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PlainKernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.TinyModel;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.text.WordTokenizer;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests that records read together give the same bits as records read alone. */
class TogetherTest {

  private static final int MAX_TOKENS = 70;
  private static final int RECORDS = 60;

  /**
   * Records of several keys and any length, in rows that are reused; one record of a key at a time.
   */
  @ParameterizedTest
  @CsvSource({
    "LSTM, 1, 1, 32, 0, 0, false",
    "LSTM, 1, 2, 13, 0, 0, true",
    "LSTM, 1, 2, 33, 3, 40, true",
    "LSTM, 1, 1, 16, 2, 0, false",
    "LSTM, 1, 1, 16, 0, 9, true",
    "GRU, 1, 1, 32, 0, 0, true",
    "GRU, 1, 3, 7, 2, 5, false",
    "RNN, 1, 1, 32, 0, 0, false",
    "RNN, 1, 2, 11, 1, 1, true",
    "FFNN, 1, 1, 32, 0, 0, true",
    "FFNN, 3, 2, 12, 2, 30, false"
  })
  void shouldReadEachRecordAsIfItWereAlone(
      CellType kind,
      int window,
      int layers,
      int hidden,
      int attended,
      int cached,
      boolean clusters) {
    Model model = model(kind, window, layers, hidden, attended, cached, clusters);
    for (int rows : new int[] {1, 2, 5, 6, 7, 31, 64}) {
      SplittableRandom random = new SplittableRandom(rows);
      int keys = 1 + random.nextInt(RECORDS);
      List<Item> records = new ArrayList<>();
      for (int i = 0; i < RECORDS; i++) {
        int tokens = 1 + random.nextInt(random.nextInt(5) == 0 ? 80 : 12);
        String text = TinyModel.text(tokens, random.nextLong());
        records.add(new Item(random.nextInt(keys), text));
      }
      Inference alone = new Inference(model, MAX_TOKENS, 4, true);
      Map<Integer, HiddenState> states = new HashMap<>();
      Map<Integer, Memory> memories = new HashMap<>();
      List<String> expected = new ArrayList<>();
      for (Item item : records) {
        HiddenState state = states.computeIfAbsent(item.key, k -> model.initialState());
        Memory memory = memories.computeIfAbsent(item.key, k -> alone.memory());
        Reading reading = alone.read(item.text, state, memory);
        expected.add(string(reading, reading.probabilities(), state, memory));
      }

      Inference together = new Inference(model, MAX_TOKENS, 4, true, rows);
      assertThat(readTogether(together, model, records)).isEqualTo(expected);
    }
  }

  @Test
  void shouldReadWithoutALanguageModel() {
    Model model = model(CellType.LSTM, 1, 2, 13, 2, 5, true);
    Inference alone = new Inference(model, MAX_TOKENS, 0, false);
    Inference together = new Inference(model, MAX_TOKENS, 0, false, 9);
    List<Item> records = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      Item item = new Item(i, TinyModel.text(1 + i, i));
      records.add(item);
      HiddenState state = model.initialState();
      Memory memory = alone.memory();
      Reading reading = alone.read(item.text, state, memory);
      expected.add(string(reading, reading.probabilities(), state, memory));
    }
    assertThat(readTogether(together, model, records)).isEqualTo(expected);
  }

  @Test
  void shouldContinueAfterAnException() {
    Model model = model(CellType.LSTM, 1, 1, 8, 2, 5, true);
    Inference inference = new Inference(model, MAX_TOKENS, 4, true, 3);
    HiddenState state = model.initialState();
    Reading expected = inference.read("not good", state, inference.memory());
    for (int i = 0; i < 10; i++) {
      List<PendingRecord> records = new ArrayList<>();
      for (int r = 1; r < 5; r++) {
        Encoding encoding = inference.encode(TinyModel.text(r, 1));
        records.add(new PendingRecord(encoding, model.initialState(), null, 1));
      }
      records.add(new PendingRecord(inference.encode("good"), null, null, 1));
      assertThatThrownBy(() -> inference.read(records)).isInstanceOf(NullPointerException.class);
    }
    HiddenState again = model.initialState();
    Reading reading = inference.read("not good", again, inference.memory());
    assertThat(string(reading, reading.probabilities(), again, inference.memory()))
        .isEqualTo(string(expected, expected.probabilities(), state, inference.memory()));
  }

  @Test
  void shouldRefuseANumberOfRowsOutOfRange() {
    Model model = model(CellType.LSTM, 1, 1, 8, 0, 0, true);
    for (int rows : new int[] {0, 65}) {
      assertThatThrownBy(() -> new Inference(model, MAX_TOKENS, 0, false, rows))
          .hasMessage("rows must be 1 to 64, found " + rows);
    }
  }

  /** Uses the plain kernels, which allocate nothing even before they are compiled. */
  @Test
  void shouldAllocateNothingForAStep() {
    Kernels plain = new PlainKernels();
    for (CellType kind : CellType.values()) {
      int window = kind == CellType.FFNN ? 3 : 1;
      ModelConfig config = config(kind, window, 2, 8, 0, 0, true);
      Network network = new Network(config, TinyModel.random(config, 1), plain);
      HiddenState state = HiddenState.zeros(config);
      Network.Scratch scratch = network.scratch();
      network.step(1, state, scratch);
      long before = allocatedBytes();
      long nothing = allocatedBytes() - before;
      before = allocatedBytes();
      for (int i = 0; i < 100; i++) {
        network.step(i % 5, state, scratch);
      }
      assertThat(allocatedBytes() - before).as("%s", kind).isEqualTo(nothing);
    }
  }

  private static long allocatedBytes() {
    return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
        .getCurrentThreadAllocatedBytes();
  }

  private static Model model(
      CellType kind,
      int window,
      int layers,
      int hidden,
      int attended,
      int cached,
      boolean clusters) {
    ModelConfig config = config(kind, window, layers, hidden, attended, cached, clusters);
    Parameters parameters = TinyModel.random(config, hidden);
    return new Model(
        config, TOKENIZER, new Network(config, parameters, Kernels.best()), "0123456789ab");
  }

  private static final Tokenizer TOKENIZER = WordTokenizer.of(TinyModel.WORDS);

  private static ModelConfig config(
      CellType kind,
      int window,
      int layers,
      int hidden,
      int attended,
      int cached,
      boolean clusters) {
    int size = TOKENIZER.size();
    return new ModelConfig(
        "tiny",
        kind,
        size,
        9,
        hidden,
        layers,
        window,
        clusters ? Pooling.CONCAT : Pooling.LAST,
        clusters ? new NextToken(List.of(size - 8, size - 3), 2, false) : NextToken.FULL,
        attended == 0 ? Attention.NONE : new Attention(attended, 5),
        cached == 0 ? Cache.NONE : new Cache(cached, 0.8f, 0.25f));
  }

  private record Item(int key, String text) {}

  /** Each record's result, with every bit. */
  private static List<String> readTogether(Inference inference, Model model, List<Item> records) {
    Map<Integer, PendingRecord> last = new HashMap<>(); // of each key
    List<PendingRecord> pending = new ArrayList<>();
    for (Item item : records) {
      Encoding encoding = inference.encode(item.text);
      PendingRecord previous = last.get(item.key);
      PendingRecord record =
          previous == null
              ? new PendingRecord(encoding, model.initialState(), inference.memory(), 1)
              : new PendingRecord(encoding, previous);
      last.put(item.key, record);
      pending.add(record);
    }
    inference.read(pending);
    return pending.stream()
        .map(
            record ->
                string(
                    record.reading(),
                    record.reading().probabilities(),
                    record.state(),
                    record.memory()))
        .toList();
  }

  private static String string(Reading reading, float[] felt, HiddenState state, Memory memory) {
    return string(reading, felt) + string(state, memory);
  }

  private static String string(Reading reading, float[] felt) {
    StringBuilder all = new StringBuilder();
    all.append(reading.tokens()).append(' ').append(reading.unknown());
    all.append(' ').append(reading.end()).append(' ').append(reading.truncated());
    all.append(' ').append(Double.toHexString(reading.surpriseBits()));
    all.append(' ').append(Double.toHexString(reading.endProbability()));
    for (float p : reading.probabilities()) {
      all.append(' ').append(Float.toHexString(p));
    }
    for (float p : felt) {
      all.append(' ').append(Float.toHexString(p));
    }
    all.append(' ').append(reading.hit()).append(List.of(reading.next()));
    if (reading.lookBack() != null) {
      all.append(reading.lookBack().nothing()).append(reading.lookBack().tokens());
      reading
          .lookBack()
          .records()
          .forEach(past -> all.append(past.record()).append('@').append(past.weight()));
    }
    return all.toString();
  }

  private static String string(HiddenState state, Memory memory) {
    StringBuilder all = new StringBuilder();
    for (float[][] rows : List.of(state.h(), state.c())) {
      for (float[] row : rows) {
        for (float value : row) {
          all.append(' ').append(Integer.toHexString(Float.floatToRawIntBits(value)));
        }
      }
    }
    for (int token : state.tokens()) {
      all.append(' ').append(token);
    }
    for (Memory.Entry entry : memory.entries()) {
      all.append(';').append(entry.record());
      for (int token : entry.tokens()) {
        all.append(' ').append(token);
      }
      for (short[] row : entry.h()) {
        for (short value : row) {
          all.append(' ').append(value);
        }
      }
    }
    return all.toString();
  }
}
