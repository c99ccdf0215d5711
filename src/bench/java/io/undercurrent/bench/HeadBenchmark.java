package io.undercurrent.bench;

import io.undercurrent.bench.HeadSubject.Answer;
import io.undercurrent.chart.LineChart;
import io.undercurrent.chart.Pictures;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.inference.Inference;
import io.undercurrent.model.Model;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Measures the next-token head on one thread, here and in other libraries: the surprise of every
 * token of the demo's messages, and the five likeliest tokens after each message. It measures an
 * adaptive and a full softmax, which separates the method's saving from the code's. Writes {@code
 * target/bench/head.json}, {@code .md} and a picture for each network.
 */
public final class HeadBenchmark {

  /**
   * The tolerance for float sums in other orders and other exponentials: in nats, and relative to a
   * probability.
   */
  private static final double TOLERANCE = 1e-4;

  private static final int A_MESSAGE = 0;

  /**
   * One line of {@code head.json}.
   *
   * @param positions P, the positions in a call; the mean if a call is a message
   * @param usPerRecord microseconds for all positions of a message
   * @param bytesPerPosition bytes allocated on the Java heap
   * @param ofFull the subject's time relative to its own full softmax
   */
  record Line(
      String subject,
      String method,
      String model,
      int hidden,
      double positions,
      double usPerRecord,
      double usPerPosition,
      double bytesPerPosition,
      double ofFull) {}

  private HeadBenchmark() {}

  public static void main(String[] args) throws IOException {
    Report report = new Report("head", "The next-token head, V %,d".formatted(StepCase.VOCABULARY));
    report.columns(
        "head",
        "positions a call",
        "subject",
        "us/record",
        "us/position",
        "heap B/position",
        "this project's time / its",
        "its time / by its full softmax");
    List<Line> lines = new ArrayList<>();
    for (List<HeadCase> network : HeadCase.all()) {
      for (int positions : new int[] {A_MESSAGE, 16, 64}) {
        lines.addAll(measure(network, positions, report));
      }
    }
    report.note(
        "One thread each, in turn, the same weights, answers compared before. Per record: the"
            + " log-probability of each token and of its end, and the %d likeliest at the end, of"
                .formatted(HeadCase.TOP)
            + " all tokens. A call is one message, or the given number of successive positions."
            + " Adaptive: every subject leaves out clusters that cannot reach the likeliest.");
    report.note(skipped());
    report.write(lines);
    draw(report, lines);
  }

  private static List<Line> measure(List<HeadCase> network, int positions, Report report) {
    List<HeadSubject> subjects = new ArrayList<>();
    List<HeadCase> cases = new ArrayList<>();
    List<HeadCase.Call> calls = HeadCase.calls(network.get(0), positions);
    try {
      for (HeadCase one : network) {
        List<HeadSubject> sameMethod =
            List.of(new OwnHead(one, calls), new OnnxHead(one, calls), new TorchHead(one, calls));
        subjects.addAll(sameMethod);
        sameMethod.forEach(subject -> cases.add(one));
        compare(one, sameMethod, calls.size());
      }
      List<Runnable> passes = new ArrayList<>();
      for (HeadSubject subject : subjects) {
        passes.add(
            () -> {
              for (int call = 0; call < calls.size(); call++) {
                subject.read(call);
              }
            });
      }
      List<Alternation.Result> results = Alternation.of(1_500, 11, 60).measure(passes);
      return lines(cases, subjects, results, calls, positions, report);
    } finally {
      subjects.forEach(HeadSubject::close);
    }
  }

  private static List<Line> lines(
      List<HeadCase> cases,
      List<HeadSubject> subjects,
      List<Alternation.Result> results,
      List<HeadCase.Call> calls,
      int positions,
      Report report) {
    int all = calls.stream().mapToInt(call -> call.targets().length).sum();
    double mean = positions == A_MESSAGE ? (double) all / HeadCase.MESSAGES : positions;
    int half = subjects.size() / 2; // the second half uses the full softmax
    List<Line> lines = new ArrayList<>();
    for (int s = 0; s < subjects.size(); s++) {
      HeadCase one = cases.get(s);
      double nanos = results.get(s).nanos();
      Line line =
          new Line(
              subjects.get(s).name(),
              one.method(),
              one.model(),
              one.config().hiddenSize(),
              mean,
              nanos / HeadCase.MESSAGES / 1000,
              nanos / all / 1000,
              results.get(s).bytes() / all,
              nanos / results.get(s % half + half).nanos());
      report.row(
          one,
          positions == A_MESSAGE ? "a message's, %.1f".formatted(mean) : positions,
          line.subject,
          line.usPerRecord,
          line.usPerPosition,
          line.bytesPerPosition,
          results.get(s / half * half).nanos() / nanos,
          line.ofFull);
      lines.add(line);
    }
    return lines;
  }

  /** Requires equal results before anything is timed. */
  private static void compare(HeadCase one, List<HeadSubject> subjects, int calls) {
    double[] largest = new double[subjects.size()];
    for (int call = 0; call < calls; call++) {
      Answer own = subjects.get(0).answer(call);
      for (int s = 0; s < largest.length; s++) {
        Answer other = subjects.get(s).answer(call);
        if (!Arrays.equals(own.ids(), other.ids())) {
          throw new IllegalStateException(
              "nothing is timed: the likeliest tokens of call %d of %s by %s must be %s, found %s"
                  .formatted(
                      call,
                      one,
                      subjects.get(s).name(),
                      Arrays.toString(own.ids()),
                      Arrays.toString(other.ids())));
        }
        double difference =
            Math.max(
                difference(own.logProbabilities(), other.logProbabilities()),
                difference(own.probabilities(), other.probabilities()));
        largest[s] = Math.max(largest[s], difference);
      }
    }
    for (int s = 0; s < largest.length; s++) {
      System.out.printf(
          "%s: the answers to %d calls by %s differ by %.1e at most%n",
          one, calls, subjects.get(s).name(), largest[s]);
      if (!(largest[s] <= TOLERANCE)) {
        throw new IllegalStateException(
            "nothing is timed: answers of %s by %s must be within %s of this project's, found %s"
                .formatted(one, subjects.get(s).name(), TOLERANCE, largest[s]));
      }
    }
  }

  private static double difference(double[] expected, double[] found) {
    if (expected.length != found.length) {
      return Double.POSITIVE_INFINITY;
    }
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      double difference = Math.abs(expected[i] - found[i]);
      largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largest, difference);
    }
    return largest;
  }

  /** Reports how often the shipped model skips clusters. */
  private static String skipped() {
    Model model = Checkpoint.load(Checkpoint.DEFAULT);
    Inference inference = new Inference(model, 256, HeadCase.TOP, true);
    List<String> texts = HeadCase.demo();
    texts.forEach(text -> inference.read(text, model.initialState()));
    long skipped = inference.skippedClusters();
    long both = skipped + inference.searchedClusters();
    return "%s, the %d likeliest words after each of the demo's %d messages: %d of %d clusters skipped, %.1f %%."
        .formatted(model.name(), HeadCase.TOP, texts.size(), skipped, both, 100.0 * skipped / both);
  }

  private static void draw(Report report, List<Line> lines) throws IOException {
    Pictures pictures = new Pictures(System.out::println);
    Map<Integer, Map<String, TreeMap<Double, Double>>> networks = new LinkedHashMap<>(); // by H
    for (Line line : lines) {
      networks
          .computeIfAbsent(line.hidden, none -> new LinkedHashMap<>())
          .computeIfAbsent(line.subject + ", " + line.method, none -> new TreeMap<>())
          .put(line.positions, line.usPerPosition);
    }
    for (var network : networks.entrySet()) {
      LineChart chart =
          new LineChart(
                  "The next-token head, H %d, V %,d"
                      .formatted(network.getKey(), StepCase.VOCABULARY),
                  "positions in a call",
                  "microseconds a position")
              .logarithmic();
      network
          .getValue()
          .forEach(
              (subject, points) ->
                  chart.line(
                      subject,
                      points.keySet().stream().mapToDouble(x -> x).toArray(),
                      points.values().stream().mapToDouble(y -> y).toArray()));
      pictures.draw(report.file("-%d.png".formatted(network.getKey())), chart);
    }
  }
}
