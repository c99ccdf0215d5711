package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.undercurrent.model.CellType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What recurrent networks are known to do, done by ours. Every run has the same bits anywhere. */
class DiagnosisTest {

  private static final int LONG = 200;
  private static final int SHORT = 10;
  private static final int BATCHES = 50;

  @TempDir private Path folder;

  @Test
  void shouldLearnToAddOver200StepsWithAnLstmAndNotWithAnRnn() {
    AddingProblem lstm = problem(CellType.LSTM, LONG);
    Optimizer adam = lstm.adam();
    double running = 1;
    while (running > 0.012 && adam.step() < 4000) {
      running += 0.05 * (learn(lstm, adam, 0.1, 0.02).error() - running);
    }
    assertThat(lstm.error(BATCHES)).isLessThan(0.02);

    for (double rate : new double[] {0.02, 0.002}) {
      AddingProblem rnn = problem(CellType.RNN, LONG);
      Optimizer same = rnn.adam();
      while (same.step() < adam.step()) {
        learn(rnn, same, 0.1, rate);
      }
      assertThat(rnn.error(BATCHES)).isGreaterThan(0.9 * AddingProblem.BASELINE);
    }
  }

  @Test
  void shouldDivergeWithLargeRecurrentWeightsAndTrainWhereGradientsAreClipped() {
    Diagnosis.Trial clipped = trial(2.0, 1.0, 3000);
    Diagnosis.Trial free = trial(2.0, null, 3000);

    assertThat(free.divergedAt()).isLessThan(100);
    assertThat(free.finalError()).isNull();
    assertThat(clipped.divergedAt()).isNull();
    assertThat(clipped.finalError()).isLessThan(AddingProblem.BASELINE / 2);
  }

  /** So it is not the learning rate that makes the other one diverge. */
  @Test
  void shouldNeedNoClippingWithSmallRecurrentWeights() {
    Diagnosis.Trial trial = trial(0.5, null, 1500);

    assertThat(trial.divergedAt()).isNull();
    assertThat(trial.finalError()).isLessThan(AddingProblem.BASELINE);
  }

  @Test
  void shouldSeeGradientsVanishAndExplodeWithDistance() {
    double[] lstm = shares(problem(CellType.LSTM, LONG));
    double[] rnn = shares(problem(CellType.RNN, LONG));
    double[] large = shares(problem(CellType.RNN, LONG).withSpectralRadius(2));

    assertThat(rnn[LONG - 1]).isLessThan(1e-20);
    assertThat(lstm[LONG - 1]).isGreaterThan(1e5 * rnn[LONG - 1]);
    assertThat(large[LONG - 1]).isGreaterThan(1e3);
  }

  /** Weights that hardly pass anything on do so once for every step. */
  @Test
  void shouldFollowTheGradientThroughEveryStep() {
    int steps = 6; // more would be beyond what a float holds
    AddingProblem problem = problem(CellType.RNN, steps).withSpectralRadius(1e-6);
    double[] norm = problem.gradientByDistance();
    assertThat(norm).hasSize(steps);
    assertThat(norm[0]).isPositive();
    for (int k = 1; k < steps; k++) {
      assertThat(norm[k]).isLessThan(1e-5 * norm[k - 1]);
    }
  }

  @Test
  void shouldScaleToASpectralRadius() {
    float c = (float) Math.cos(1);
    float s = (float) Math.sin(1);
    Offset<Double> close = Offset.offset(2e-3); // |W^1024|^(1/1024) is this near
    assertThat(AddingProblem.spectralRadius(new float[] {c, -s, s, c}, 2)).isCloseTo(1, close);
    assertThat(AddingProblem.spectralRadius(new float[] {0.5f, 9, 0, -0.7f}, 2))
        .isCloseTo(0.7, Offset.offset(5e-3));
  }

  @Test
  void shouldWriteAndDrawTheResults() throws IOException {
    List<Diagnosis.Plan> plans = new ArrayList<>();
    for (Diagnosis.Plan plan : Diagnosis.plans()) {
      plans.add(
          new Diagnosis.Plan(
              plan.network(),
              plan.kind(),
              plan.spectralRadius(),
              plan.optimizer(),
              plan.learningRate(),
              plan.clip(),
              SHORT,
              30));
    }
    List<String> said = new ArrayList<>();
    List<Diagnosis.Trial> trials = new Diagnosis(folder, listener(said)).run(plans);

    JsonNode json = new ObjectMapper().readTree(folder.resolve("diagnosis.json").toFile());
    assertThat(json).hasSameSizeAs(plans);
    for (int i = 0; i < plans.size(); i++) {
      JsonNode trial = json.get(i);
      assertThat(trial.at("/plan/network").asText()).isEqualTo(plans.get(i).network());
      assertThat(trial.get("gradientAtStart")).hasSize(Diagnosis.DISTANCE);
      assertThat(trial.get("error")).hasSize(trials.get(i).error().length);
      assertThat(trial.get("divergedAt").isNull()).isNotEqualTo(trial.get("finalError").isNull());
    }
    assertThat(json.get(5).get("divergedAt").asInt()).isBetween(2, 30);
    for (String picture : List.of("gradient-before", "gradient-after", "adding", "clipping")) {
      assertThat(folder.resolve(picture + ".png")).isNotEmptyFile();
    }
    assertThat(said).isEmpty();
  }

  private static AddingProblem problem(CellType kind, int length) {
    return new AddingProblem(kind, length, Diagnosis.ROWS, Diagnosis.HIDDEN, Diagnosis.SEED);
  }

  private static AddingProblem.StepResult learn(
      AddingProblem problem, Optimizer optimizer, double clip, double rate) {
    AddingProblem.StepResult learnt = problem.learn(optimizer, clip, rate);
    assertThat(learnt.isFinite()).isTrue();
    return learnt;
  }

  private static Diagnosis.Trial trial(double radius, Double clip, int steps) {
    return Diagnosis.trial(
        new Diagnosis.Plan("rnn", "rnn", radius, "sgd", 0.1, clip, SHORT, steps),
        listener(new ArrayList<>()));
  }

  private static double[] shares(AddingProblem problem) {
    double[] norm = problem.gradientByDistance();
    double first = norm[0];
    for (int k = 0; k < norm.length; k++) {
      norm[k] /= first;
    }
    return norm;
  }

  private static Diagnosis.Listener listener(List<String> said) {
    return new Diagnosis.Listener() {
      @Override
      public void learnt(String trial, int step, int steps, double error) {
        assertThat(step).isBetween(1, steps);
      }

      @Override
      public void says(String line) {
        said.add(line);
      }
    };
  }
}
