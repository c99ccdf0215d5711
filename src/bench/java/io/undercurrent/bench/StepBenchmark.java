package io.undercurrent.bench;

import io.undercurrent.chart.LineChart;
import io.undercurrent.chart.Pictures;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Network;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Measures one step of an LSTM on one thread, from token ids to the next states, here and in other
 * libraries. Writes {@code target/bench/step.json}, {@code .md} and a picture for each network.
 */
public final class StepBenchmark {

  /**
   * The tolerance for float sums in other orders and other exponentials, over 64 steps; 3e-7 was
   * measured.
   */
  private static final double TOLERANCE = 1e-5;

  /**
   * One line of {@code step.json}.
   *
   * @param hidden H
   * @param batch B
   * @param bytesPerToken on the Java heap
   */
  record Line(
      String subject,
      int hidden,
      int layers,
      int batch,
      int stepsPerCall,
      double usPerToken,
      double bytesPerToken) {}

  private StepBenchmark() {}

  public static void main(String[] args) throws IOException {
    Report report =
        new Report(
            "step",
            "One LSTM step, V %,d, E %d".formatted(StepCase.VOCABULARY, StepCase.EMBEDDING));
    report.columns(
        "network",
        "subject",
        "steps a call",
        "us/token",
        "heap B/token",
        "this project's time / its");
    Map<String, Line> lines = new LinkedHashMap<>();
    for (StepCase one : StepCase.all()) {
      for (Line line : measure(one, report)) {
        // PyTorch has two ways for one step; the faster one is reported
        String key = one + line.subject + line.stepsPerCall;
        lines.merge(key, line, (a, b) -> a.usPerToken <= b.usPerToken ? a : b);
      }
    }
    report.note(
        "One thread each, in turn, the same weights. product: the products with h alone. The other"
            + " libraries multiply embeddings by input weights, this project looks up a stored product.");
    report.write(List.copyOf(lines.values()));
    draw(report, List.copyOf(lines.values()));
  }

  private static List<Line> measure(StepCase one, Report report) {
    List<StepSubject> subjects = StepSubjects.all(one);
    try {
      compare(one, subjects);
      List<Runnable> calls = new ArrayList<>();
      for (StepSubject subject : subjects) {
        int[][] tokens = one.calls(subject.stepsPerCall());
        int[] next = {0};
        calls.add(() -> subject.step(tokens[next[0]++ % tokens.length]));
      }
      List<Alternation.Result> results = Alternation.of(1_500, 11, 60).measure(calls);
      double own = results.get(0).nanos() / one.batch();
      List<Line> lines = new ArrayList<>();
      for (int s = 0; s < subjects.size(); s++) {
        StepSubject subject = subjects.get(s);
        int tokens = subject.stepsPerCall() * one.batch();
        double nanos = results.get(s).nanos() / tokens;
        double bytes = results.get(s).bytes() / tokens;
        String way = subject.way().isEmpty() ? "" : " (" + subject.way() + ")";
        report.row(
            one, subject.name() + way, subject.stepsPerCall(), nanos / 1000, bytes, own / nanos);
        lines.add(
            new Line(
                subject.name(),
                one.hidden(),
                one.layers(),
                one.batch(),
                subject.stepsPerCall(),
                nanos / 1000,
                bytes));
      }
      return lines;
    } finally {
      subjects.forEach(StepSubject::close);
    }
  }

  /** Requires equal states before anything is timed. */
  private static void compare(StepCase one, List<StepSubject> subjects) {
    for (StepSubject subject : subjects) {
      for (int[] call : one.calls(subject.stepsPerCall())) {
        subject.step(call);
      }
    }
    float[] own = subjects.get(0).state();
    float[] served = served(one);
    if (!Arrays.equals(own, served)) {
      throw new IllegalStateException(
          "nothing is timed: the states of "
              + one
              + " must equal those of single keys, bit for bit");
    }
    for (StepSubject subject : subjects) {
      float[] state = subject.state();
      double largest = 0;
      for (int i = 0; i < state.length; i++) {
        double difference = Math.abs((double) state[i] - own[i]);
        largest =
            Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largest, difference);
      }
      System.out.printf(
          "%s: %d values of %s differ by %.1e at most%n",
          one, state.length, subject.name(), largest);
      if (largest > TOLERANCE) {
        throw new IllegalStateException(
            "nothing is timed: states of %s by %s must be within %s of this project's, found %s"
                .formatted(one, subject.name(), TOLERANCE, largest));
      }
    }
  }

  /** The states that this project computes, key by key. */
  private static float[] served(StepCase one) {
    ModelConfig config = one.config();
    Network network = new Network(config, one.parameters(), Kernels.best());
    Network.Scratch scratch = network.scratch();
    int hidden = one.hidden();
    float[][] h = new float[one.layers()][one.batch() * hidden];
    float[][] c = new float[one.layers()][one.batch() * hidden];
    for (int b = 0; b < one.batch(); b++) {
      HiddenState state = HiddenState.zeros(config);
      for (int[] call : one.calls(1)) {
        network.step(call[b], state, scratch);
      }
      for (int l = 0; l < one.layers(); l++) {
        System.arraycopy(state.h()[l], 0, h[l], b * hidden, hidden);
        System.arraycopy(state.c()[l], 0, c[l], b * hidden, hidden);
      }
    }
    float[] all = new float[2 * one.layers() * one.batch() * hidden];
    StepSubjects.flatten(h, c, all);
    return all;
  }

  /** Each subject's line shows its faster way, one step a call or sixteen. */
  private static void draw(Report report, List<Line> lines) throws IOException {
    Pictures pictures = new Pictures(System.out::println);
    for (StepCase network : StepCase.all()) {
      if (network.batch() > 1) {
        continue;
      }
      Map<String, TreeMap<Integer, Double>> fastest = new LinkedHashMap<>(); // by subject and batch
      for (Line line : lines) {
        if (line.hidden == network.hidden() && line.layers == network.layers()) {
          fastest
              .computeIfAbsent(line.subject, none -> new TreeMap<>())
              .merge(line.batch, line.usPerToken, Math::min);
        }
      }
      LineChart chart =
          new LineChart(
                  "An LSTM step, %d x %d".formatted(network.layers(), network.hidden()),
                  "keys in a batch, 4^x",
                  "microseconds a token")
              .logarithmic();
      fastest.forEach(
          (subject, points) -> {
            double[] x =
                points.keySet().stream().mapToDouble(b -> Math.log(b) / Math.log(4)).toArray();
            double[] y = points.values().stream().mapToDouble(Double::doubleValue).toArray();
            if (subject.equals("product")) {
              chart.reference(subject, x, y);
            } else {
              chart.line(subject, x, y);
            }
          });
      String file = "-%dx%d.png".formatted(network.layers(), network.hidden());
      pictures.draw(report.file(file), chart);
    }
  }
}
