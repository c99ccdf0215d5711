package io.undercurrent.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.undercurrent.chart.LineChart;
import io.undercurrent.chart.Pictures;
import io.undercurrent.io.AtomicFile;
import io.undercurrent.model.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Vanishing and exploding gradients (Bengio et al. 1994; Pascanu et al. 2013), seen: the norm of
 * the gradient against the distance it flows back, at the start and after training on the adding
 * problem, with clipping and without. The networks are small, the layers and optimisers those that
 * models are trained with. Deterministic; one thread.
 */
public final class Diagnosis {

  /** Hears of every step. */
  public interface Listener {
    /**
     * @param trial what is trained
     * @param step of {@code steps}, from 1
     * @param error mean squared error of the step's batch
     */
    void learnt(String trial, int step, int steps, double error);

    /** Something else is to be said, in one line. */
    void says(String line);
  }

  /**
   * One network, trained one way.
   *
   * @param network what it is called: trials of one network start with the same weights
   * @param kind {@code rnn}, {@code lstm} or {@code gru}
   * @param spectralRadius of the recurrent weights at the start, or null for those of every
   *     training
   * @param optimizer {@code adam} or {@code sgd}
   * @param clip global norm that gradients are scaled down to, or null for no clipping
   * @param length T of the adding problem
   * @param steps batches to learn from
   */
  record Plan(
      String network,
      String kind,
      Double spectralRadius,
      String optimizer,
      double learningRate,
      Double clip,
      int length,
      int steps) {

    /** For example {@code lstm, clip 0.1}. */
    String name() {
      return network + (clip == null ? ", no clipping" : ", clip " + clip);
    }
  }

  /**
   * What came of a plan.
   *
   * @param gradientAtStart norm of the gradient at the state k steps before the loss, by k from 0,
   *     over {@value #DISTANCE} steps
   * @param gradientAfter likewise after training; empty if that diverged
   * @param error mean squared error of every step's batch
   * @param gradientNorm global norm of every step's gradient before clipping
   * @param divergedAt the step whose error or gradient was no longer finite, or null
   * @param finalError mean squared error on unseen batches, or null if training diverged
   */
  public record Trial(
      Plan plan,
      double[] gradientAtStart,
      double[] gradientAfter,
      double[] error,
      double[] gradientNorm,
      Integer divergedAt,
      Double finalError) {

    /** For example {@code lstm, clip 0.1}. */
    public String name() {
      return plan.name();
    }

    /** T of the adding problem. */
    public int length() {
      return plan.length;
    }
  }

  /** The mean squared error of always saying the mean. */
  public static final double BASELINE = AddingProblem.BASELINE;

  /** Steps that gradients are followed back over. */
  static final int DISTANCE = 200;

  static final int ROWS = 16; // B
  static final int HIDDEN = 32; // H
  static final double CLIP = 0.1;
  static final double RATE = 0.02;

  static final long SEED = 2;
  private static final int UNSEEN_BATCHES = 50;
  private static final int STEPS_A_POINT = 25;

  private final Path run;
  private final Listener listener;

  /**
   * @param run the folder for {@code diagnosis.json} and the pictures; made if it is not there
   */
  public Diagnosis(Path run, Listener listener) {
    this.run = run;
    this.listener = listener;
  }

  /** What {@link #run} tries: about a minute of one core. */
  static List<Plan> plans() {
    List<Plan> plans = new ArrayList<>();
    for (String kind : List.of("lstm", "rnn")) {
      plans.add(new Plan(kind, kind, null, "adam", RATE, CLIP, DISTANCE, 2500));
      plans.add(new Plan(kind, kind, null, "adam", RATE, null, DISTANCE, 2500));
    }
    plans.add(new Plan("rnn of radius 2", "rnn", 2.0, "sgd", 0.1, 1.0, 10, 3000));
    plans.add(new Plan("rnn of radius 2", "rnn", 2.0, "sgd", 0.1, null, 10, 3000));
    return plans;
  }

  /** Trains, writes and draws; returns what came of it. */
  public List<Trial> run() throws IOException {
    return run(plans());
  }

  List<Trial> run(List<Plan> plans) throws IOException {
    Files.createDirectories(run);
    List<Trial> trials = new ArrayList<>();
    for (Plan plan : plans) {
      trials.add(trial(plan, listener));
    }
    AtomicFile.replace(
        run.resolve("diagnosis.json"),
        new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsBytes(trials));
    draw(trials);
    return trials;
  }

  static Trial trial(Plan plan, Listener listener) {
    AddingProblem problem = new AddingProblem(Kind.of(plan.kind), plan.length, ROWS, HIDDEN, SEED);
    if (plan.spectralRadius != null) {
      problem.withSpectralRadius(plan.spectralRadius);
    }
    Optimizer optimizer = plan.optimizer.equals("sgd") ? new Sgd(0f) : problem.adam();
    double[] start = problem.ofLength(DISTANCE).gradientByDistance();
    double[] error = new double[plan.steps];
    double[] norm = new double[plan.steps];
    for (int i = 0; i < plan.steps; i++) {
      double clip = plan.clip == null ? Double.POSITIVE_INFINITY : plan.clip;
      AddingProblem.Learnt learnt = problem.learn(optimizer, clip, plan.learningRate);
      if (!learnt.isFinite()) {
        return new Trial(
            plan,
            start,
            new double[0],
            Arrays.copyOf(error, i),
            Arrays.copyOf(norm, i),
            i + 1,
            null);
      }
      error[i] = learnt.error();
      norm[i] = learnt.norm();
      listener.learnt(plan.name(), i + 1, plan.steps, error[i]);
    }
    double unseen = problem.error(UNSEEN_BATCHES);
    double[] after = problem.ofLength(DISTANCE).gradientByDistance();
    return new Trial(plan, start, after, error, norm, null, unseen);
  }

  private void draw(List<Trial> trials) throws IOException {
    Pictures pictures = new Pictures(listener::says);
    LineChart start = distances("Gradient against distance, before training");
    LineChart after = distances("Gradient against distance, after training");
    LineChart adding = errors("Adding problem, " + DISTANCE + " steps long");
    LineChart clipping = errors("Large recurrent weights, with clipping and without");
    Set<String> networks = new HashSet<>();
    for (Trial trial : trials) {
      if (networks.add(trial.plan.network)) {
        distance(start, trial.plan.network, trial.gradientAtStart);
      }
      distance(after, trial.name(), trial.gradientAfter);
      error(trial.plan.spectralRadius == null ? adding : clipping, trial);
    }
    pictures.draw(run.resolve("gradient-before.png"), start);
    pictures.draw(run.resolve("gradient-after.png"), after);
    pictures.draw(run.resolve("adding.png"), adding.level("always the mean", BASELINE));
    pictures.draw(run.resolve("clipping.png"), clipping.level("always the mean", BASELINE));
  }

  private static LineChart distances(String title) {
    return new LineChart(title, "k, steps back from the loss", "gradient norm, 1 at k = 0")
        .logarithmic();
  }

  private static void distance(LineChart chart, String name, double[] norm) {
    chart.line(
        name,
        IntStream.range(0, norm.length).asDoubleStream().toArray(),
        Arrays.stream(norm).map(v -> v / norm[0]).toArray());
  }

  private static LineChart errors(String title) {
    return new LineChart(title, "step", "mean squared error").logarithmic();
  }

  /** Means over some steps each; step by step where a trial diverged before there were many. */
  private static void error(LineChart chart, Trial trial) {
    double[] error = trial.error;
    int width = error.length < 10 * STEPS_A_POINT ? 1 : STEPS_A_POINT;
    int points = error.length / width;
    chart.line(
        trial.name(),
        IntStream.range(0, points).mapToDouble(i -> (i + 1) * width).toArray(),
        IntStream.range(0, points)
            .mapToDouble(
                i -> Arrays.stream(error, i * width, (i + 1) * width).average().orElseThrow())
            .toArray());
  }
}
