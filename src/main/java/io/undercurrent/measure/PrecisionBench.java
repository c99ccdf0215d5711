package io.undercurrent.measure;

import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.StatePrecision;
import io.undercurrent.streams.internals.Footprint;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.DoubleHistogram;

/**
 * Measures how much results change if h is stored in half precision. It reads one key's records
 * twice, once in each precision, and compares the results of each record. The figures are given for
 * each part of the history, to show whether the differences grow. They are the same on every
 * machine.
 */
public final class PrecisionBench {

  private static final int PARTS = 5;
  private static final int REPORT_EVERY = 100;
  private static final int KEY_BYTES = 10;

  private final Setup setup;
  private final List<Difference> differences = new ArrayList<>();

  /** The difference between the fp16 and the fp32 result of one record. */
  private record Difference(
      float probability, double surpriseBits, boolean otherLabel, boolean otherNext, int tokens) {

    static Difference between(Reading a, Reading b) {
      float max = 0;
      for (int i = 0; i < a.probabilities().length; i++) {
        max = Math.max(max, Math.abs(a.probabilities()[i] - b.probabilities()[i]));
      }
      return new Difference(
          max,
          Math.abs(a.surpriseBits() - b.surpriseBits()),
          a.label() != b.label(),
          a.next()[0].id() != b.next()[0].id(),
          a.tokens());
    }
  }

  /** One key's state and memory, and the inference that reads its records. */
  private static final class Key {
    private final Inference inference;
    private final HiddenState state;
    private final Memory memory;

    Key(Model model, int maxTokens) {
      inference = new Inference(model, maxTokens, 1, true);
      state = model.initialState();
      memory = inference.memory();
    }

    Reading read(String text) {
      return inference.read(text, state, memory);
    }
  }

  public PrecisionBench(Setup setup) {
    this.setup = setup;
  }

  /**
   * Measures and writes {@code precision.json}.
   *
   * @return the table
   */
  public String run(Progress progress) {
    Model half = setup.model().withStatePrecision(StatePrecision.FP16);
    Model full = setup.model().withStatePrecision(StatePrecision.FP32);
    Key halfKey = new Key(half, setup.maxTokens());
    Key fullKey = new Key(full, setup.maxTokens());
    progress.begins("one key, read in fp16 and in fp32", setup.records());
    for (int i = 0; i < setup.records(); i++) {
      String text = setup.texts().get(i % setup.texts().size());
      Reading reading = halfKey.read(text);
      Reading exact = fullKey.read(text);
      if (reading.tokens() > 0) {
        differences.add(Difference.between(reading, exact));
      }
      if (i % REPORT_EVERY == 0) {
        progress.done(i);
      }
    }
    Report report = new Report();
    int n = differences.size();
    for (int part = 0; part < PARTS; part++) {
      row(report, 1 + part * n / PARTS, (part + 1) * n / PARTS);
    }
    row(report, 1, n);
    report.write(setup.out().resolve("precision.json"));
    int tokens = differences.stream().mapToInt(Difference::tokens).sum() / Math.max(1, n);
    progress.ends(
        "a key takes %,d bytes in fp16, %,d in fp32"
            .formatted(
                new Footprint(half).keyBytes(KEY_BYTES, tokens),
                new Footprint(full).keyBytes(KEY_BYTES, tokens)));
    return report.table();
  }

  /** Adds the row of records {@code from} to {@code to}, counted from 1. */
  private void row(Report report, int from, int to) {
    List<Difference> part = differences.subList(from - 1, to);
    DoubleHistogram probability = new DoubleHistogram(Report.DIGITS);
    DoubleHistogram surprise = new DoubleHistogram(Report.DIGITS);
    for (Difference difference : part) {
      probability.recordValue(difference.probability());
      surprise.recordValue(difference.surpriseBits());
    }
    report.row(
        "records", from + "-" + to,
        "probabilityMean", mean(part, Difference::probability),
        "probability99%", probability.getValueAtPercentile(99),
        "probabilityMax", probability.getValueAtPercentile(100),
        "bitsMean", mean(part, Difference::surpriseBits),
        "bits99%", surprise.getValueAtPercentile(99),
        "bitsMax", surprise.getValueAtPercentile(100),
        "otherLabel", part.stream().filter(Difference::otherLabel).count(),
        "otherNextToken", part.stream().filter(Difference::otherNext).count());
  }

  private static double mean(List<Difference> part, ToDoubleFunction<Difference> value) {
    return part.stream().mapToDouble(value).average().orElse(Double.NaN);
  }
}
