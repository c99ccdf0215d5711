package io.undercurrent.train;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A small network that learns the adding problem (Hochreiter and Schmidhuber 1997, in the form of
 * Le et al. 2015). It reads T pairs of a number from [0, 1) and a marker. The marker is 1 at one
 * step in each half of the sequence, and 0 at all others. After the last pair the network outputs
 * the sum of the two marked numbers. These are up to T steps back, so only the recurrent state can
 * carry them.
 *
 * <p>The layer, its initial weights, the optimiser and the clipping are those of model training.
 * The linear output over the last h is the first row of the sentiment head. Not thread-safe.
 */
final class AddingProblem {

  /** The mean squared error of always answering 1: twice the variance of a number from [0, 1). */
  static final double BASELINE = 1 / 6.0;

  private static final int INPUTS = 2; // I: the number, the marker

  private final int steps; // T
  private final int rows; // B
  private final int hidden; // H
  private final ModelConfig config;
  private final Parameters parameters;
  private final Parameters gradients;
  private final Weights weights;
  private final RecurrentLayer layer;
  private final SplittableRandom random;
  private final Chunk chunk;
  private final float[] x; // (T*B, I)
  private final float[] dx; // (T*B, I)
  private final float[] sum; // (B)
  private final float[] output; // (B)

  AddingProblem(CellType kind, int steps, int rows, int hidden, long seed) {
    this.steps = steps;
    this.rows = rows;
    this.hidden = hidden;
    config =
        new ModelConfig("adding", kind.toString(), 2, INPUTS, hidden, 1, ModelConfig.Pooling.LAST);
    parameters = Trainer.initial(config, seed);
    gradients = new Parameters(config.tensors());
    Kernels kernels = Kernels.best();
    weights = new Weights(config, parameters, kernels, 0f);
    layer = new RecurrentLayer(0, config, weights, kernels, 0f, steps, rows);
    random = new SplittableRandom(seed + 1);
    chunk = new Chunk(steps, rows);
    Arrays.fill(chunk.reset, 0, rows, true);
    x = new float[steps * rows * INPUTS];
    dx = new float[x.length];
    sum = new float[rows];
    output = new float[rows];
  }

  /**
   * Scales the recurrent weights to a spectral radius: the largest absolute value of an eigenvalue.
   * Only for kinds with one gate.
   */
  AddingProblem withSpectralRadius(double radius) {
    float[] p = parameters.values();
    int hh = parameters.offset("rnn.weight_hh_l0");
    double scale = radius / spectralRadius(Arrays.copyOfRange(p, hh, hh + hidden * hidden), hidden);
    for (int i = 0; i < hidden * hidden; i++) {
      p[hh + i] *= (float) scale;
    }
    return this;
  }

  /** A copy of this network that reads sequences of another length. */
  AddingProblem ofLength(int steps) {
    AddingProblem other = new AddingProblem(config.kind(), steps, rows, hidden, 0);
    System.arraycopy(
        parameters.values(), 0, other.parameters.values(), 0, parameters.values().length);
    return other;
  }

  /** Gelfand's formula: the limit of |W^k|^(1/k), here for k = 1024. */
  static double spectralRadius(float[] w, int n) {
    double[] power = new double[n * n];
    Arrays.setAll(power, i -> w[i]);
    double logNorm = 0; // of W^k, divided by k: the norms that the powers were divided by
    int k = 1;
    for (int squarings = 0; squarings < 10; squarings++) {
      double norm = Math.sqrt(Arrays.stream(power).map(v -> v * v).sum());
      logNorm += StrictMath.log(norm) / k;
      double[] next = new double[n * n];
      for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
          double a = power[i * n + j] / norm;
          for (int l = 0; l < n; l++) {
            next[i * n + l] += a * power[j * n + l] / norm;
          }
        }
      }
      power = next;
      k *= 2;
    }
    double norm = Math.sqrt(Arrays.stream(power).map(v -> v * v).sum());
    return StrictMath.exp(logNorm + StrictMath.log(norm) / k);
  }

  Optimizer adam() {
    return new Adam(config.tensors(), 0f);
  }

  /**
   * The result of one training step.
   *
   * @param error mean squared error of the batch, before the update
   * @param norm global norm of the gradient, before clipping
   */
  record StepResult(double error, double norm) {
    boolean isFinite() {
      return Double.isFinite(error) && Double.isFinite(norm);
    }
  }

  /**
   * Takes one training step on a new batch. Parameters stay as they are if the error or the
   * gradient is NaN or infinite.
   *
   * @param clip the global norm that gradients are scaled down to; infinite for no clipping
   */
  StepResult learn(Optimizer optimizer, double clip, double rate) {
    draw(random);
    double error = forward();
    backward((t, dh, dc) -> {});
    float[] g = gradients.values();
    double squares = 0;
    for (float v : g) {
      squares += (double) v * v;
    }
    StepResult result = new StepResult(error, Math.sqrt(squares));
    if (result.isFinite()) {
      float scale = result.norm > clip ? (float) (clip / result.norm) : 1f;
      optimizer.nextStep();
      optimizer.update(parameters.values(), g, scale, (float) rate, 0, g.length);
    }
    return result;
  }

  /** The mean squared error over batches that training does not use. */
  double error(int batches) {
    SplittableRandom unseen = new SplittableRandom(-1);
    double sum = 0;
    for (int i = 0; i < batches; i++) {
      draw(unseen);
      sum += forward();
    }
    return sum / batches;
  }

  /**
   * The norm of the loss's gradient at the state k steps before the loss, for k from 0 to T - 1, of
   * h and c together. Over one batch that training does not use.
   */
  double[] gradientByDistance() {
    draw(new SplittableRandom(-2));
    forward();
    double[] norm = new double[steps];
    backward(
        (t, dh, dc) -> {
          if (t > 0) { // before the first step there is no state
            norm[steps - t] = Math.sqrt(squares(dh) + squares(dc));
          }
        });
    int last = (steps - 1) * rows * hidden;
    norm[0] = Math.sqrt(squares(Arrays.copyOfRange(layer.dOut, last, last + rows * hidden)));
    return norm;
  }

  private static double squares(float[] x) {
    double sum = 0;
    for (float v : x) {
      sum += (double) v * v;
    }
    return sum;
  }

  private void draw(SplittableRandom random) {
    Arrays.fill(x, 0f);
    for (int b = 0; b < rows; b++) {
      for (int t = 0; t < steps; t++) {
        x[(t * rows + b) * INPUTS] = (float) random.nextDouble();
      }
      int first = (random.nextInt(steps / 2) * rows + b) * INPUTS;
      int second = (random.nextInt(steps / 2, steps) * rows + b) * INPUTS;
      x[first + 1] = 1f;
      x[second + 1] = 1f;
      sum[b] = x[first] + x[second];
    }
  }

  private double forward() {
    weights.pack(random);
    layer.clear();
    layer.forward(x, chunk, random);
    float[] p = parameters.values();
    int w = parameters.offset("sentiment.weight");
    double error = 0;
    for (int b = 0; b < rows; b++) {
      int h = ((steps - 1) * rows + b) * hidden;
      output[b] = p[parameters.offset("sentiment.bias")];
      for (int i = 0; i < hidden; i++) {
        output[b] += p[w + i] * layer.out[h + i];
      }
      error += (double) (output[b] - sum[b]) * (output[b] - sum[b]);
    }
    return error / rows;
  }

  private void backward(RecurrentLayer.StateGradients observer) {
    float[] p = parameters.values();
    float[] g = gradients.values();
    Arrays.fill(g, 0f);
    Arrays.fill(layer.dOut, 0f);
    int w = parameters.offset("sentiment.weight");
    for (int b = 0; b < rows; b++) {
      int h = ((steps - 1) * rows + b) * hidden;
      float d = 2 * (output[b] - sum[b]) / rows;
      g[parameters.offset("sentiment.bias")] += d;
      for (int i = 0; i < hidden; i++) {
        g[w + i] += d * layer.out[h + i];
        layer.dOut[h + i] = d * p[w + i];
      }
    }
    layer.backward(x, dx, chunk, gradients, observer);
  }
}
