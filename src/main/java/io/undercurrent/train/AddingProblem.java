package io.undercurrent.train;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.Kind;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * A network that learns the adding problem (Hochreiter and Schmidhuber 1997, as Le et al. 2015 have
 * it): it reads T pairs of a number from [0, 1) and a marker, which is 1 at one step of each half
 * and 0 elsewhere, and says after the last what the two marked numbers add up to. What it needs
 * lies up to T steps back, and nothing but the recurrent state carries it there.
 *
 * <p>The layer, its initial weights, optimiser and clipping are those that models are trained with;
 * the linear output over the last h is the first row of the sentiment head. Not thread-safe.
 */
final class AddingProblem {

  /** The mean squared error of always saying 1: twice the variance of a number from [0, 1). */
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

  AddingProblem(Kind kind, int steps, int rows, int hidden, long seed) {
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
   * Scales the recurrent weights to a spectral radius, the largest absolute value of an eigenvalue.
   * For kinds with one gate.
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
    double logNorm = 0; // of W^k without the factors that were taken out
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
   * What one step saw.
   *
   * @param error mean squared error of the batch, before the update
   * @param norm global norm of the gradient, before clipping
   */
  record Learnt(double error, double norm) {
    boolean isFinite() {
      return Double.isFinite(error) && Double.isFinite(norm);
    }
  }

  /**
   * Learns from a new batch; not if error or gradient are no longer finite.
   *
   * @param clip the global norm that gradients are scaled down to; infinite for no clipping
   */
  Learnt learn(Optimizer optimizer, double clip, double rate) {
    draw(random);
    double error = forward();
    backward((t, dh, dc) -> {});
    float[] g = gradients.values();
    double squares = 0;
    for (float v : g) {
      squares += (double) v * v;
    }
    Learnt learnt = new Learnt(error, Math.sqrt(squares));
    if (learnt.isFinite()) {
      float scale = learnt.norm > clip ? (float) (clip / learnt.norm) : 1f;
      optimizer.nextStep();
      optimizer.update(parameters.values(), g, scale, (float) rate, 0, g.length);
    }
    return learnt;
  }

  /** The mean squared error over new batches that training does not see. */
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
   * How far the gradient of the loss after step T flows back: its norm at the state k steps before,
   * over h and c together, for k from 0 to T - 1. Over one batch that training does not see.
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
