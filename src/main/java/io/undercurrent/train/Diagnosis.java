package io.undercurrent.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.undercurrent.chart.LineChart;
import io.undercurrent.chart.Pictures;
import io.undercurrent.io.AtomicFile;
import io.undercurrent.model.CellType;
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
 * Shows vanishing and exploding gradients (Bengio et al. 1994; Pascanu et al. 2013). It measures
 * the norm of the gradient by the distance that it flows back, before and after training on the
 * adding problem, with and without clipping. The networks are small; their layers and optimisers
 * are those of model training. Deterministic; used by one thread.
 */
public final class Diagnosis {

  /** Receives progress, on the thread that runs the diagnosis. */
  public interface Listener {
    /**
     * A training step is done.
     *
     * @param trial name of the trial
     * @param step of {@code steps}, from 1
     * @param error mean squared error of the step's batch
     */
    void learnt(String trial, int step, int steps, double error);

    /** Receives another message, of one line. */
    void says(String line);
  }

  /**
   * One network, trained one way.
   *
   * @param network name of the network; trials of the same network start with the same weights
   * @param kind {@code rnn}, {@code lstm} or {@code gru}
   * @param spectralRadius of the recurrent weights at the start; null for the usual initial weights
   * @param optimizer {@code adam} or {@code sgd}
   * @param clip the largest global norm of gradients, to which larger ones are scaled down; null
   *     for no clipping
   * @param length T of the adding problem
   * @param steps batches to train on
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
   * The results of a plan.
   *
   * @param gradientAtStart norm of the gradient at the state k steps before the loss, for k from 0
   *     to {@value #DISTANCE} - 1, before training
   * @param gradientAfter the same after training; empty if training diverged
   * @param error mean squared error of every step's batch
   * @param gradientNorm global norm of every step's gradient before clipping
   * @param divergedAt the first step whose error or gradient was NaN or infinite; null for none
   * @param finalError mean squared error on batches that training does not use; null if training
   *     diverged
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

  /** The mean squared error of always answering the mean. */
  public static final double BASELINE = AddingProblem.BASELINE;

  /** The number of steps over which gradients are measured. */
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
   * @param run the folder for {@code diagnosis.json} and the pictures; created if it does not exist
   */
  public Diagnosis(Path run, Listener listener) {
    this.run = run;
    this.listener = listener;
  }

  /** The plans of {@link #run}, which take about a minute on one core. */
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

  /** Trains all networks, writes the results and draws them. */
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
    AddingProblem problem =
        new AddingProblem(CellType.of(plan.kind), plan.length, ROWS, HIDDEN, SEED);
    if (plan.spectralRadius != null) {
      problem.withSpectralRadius(plan.spectralRadius);
    }
    Optimizer optimizer = plan.optimizer.equals("sgd") ? new Sgd(0f) : problem.adam();
    double[] start = problem.ofLength(DISTANCE).gradientByDistance();
    double[] error = new double[plan.steps];
    double[] norm = new double[plan.steps];
    for (int i = 0; i < plan.steps; i++) {
      double clip = plan.clip == null ? Double.POSITIVE_INFINITY : plan.clip;
      AddingProblem.StepResult result = problem.learn(optimizer, clip, plan.learningRate);
      if (!result.isFinite()) {
        return new Trial(
            plan,
            start,
            new double[0],
            Arrays.copyOf(error, i),
            Arrays.copyOf(norm, i),
            i + 1,
            null);
      }
      error[i] = result.error();
      norm[i] = result.norm();
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
    LineChart clipping = errors("Large recurrent weights, with and without clipping");
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

  /** Each point is a mean over {@value #STEPS_A_POINT} steps, or one step of a short trial. */
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
