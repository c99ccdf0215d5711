package io.undercurrent.model;

import java.util.Arrays;

/**
 * The network in doubles, written like the formulas of a textbook. It shares only the parameters
 * with the code under test.
 */
public final class ReferenceNetwork {

  private final ModelConfig config;
  private final Parameters parameters;

  /** Hidden states, (numLayers, H). */
  public final double[][] h;

  /** Cell states, (numLayers, H); zero where the kind has none. */
  public final double[][] c;

  private final int[] window;

  /** A network in the state of all zeros. */
  public ReferenceNetwork(ModelConfig config, Parameters parameters) {
    this.config = config;
    this.parameters = parameters;
    h = new double[config.numLayers()][config.hiddenSize()];
    c = new double[config.numLayers()][config.hiddenSize()];
    window = new int[config.window()];
    Arrays.fill(window, -1);
  }

  /** Feeds one token through all layers. */
  public void step(int token) {
    System.arraycopy(window, 1, window, 0, window.length - 1);
    window[window.length - 1] = token;
    int e = config.embeddingSize();
    double[] x = new double[window.length * e];
    for (int i = 0; i < x.length; i++) {
      x[i] = window[i / e] < 0 ? 0 : at("embedding.weight", window[i / e], i % e, e);
    }
    for (int l = 0; l < config.numLayers(); l++) {
      double[] next = new double[config.hiddenSize()];
      for (int unit = 0; unit < next.length; unit++) {
        next[unit] = unit(l, unit, x);
      }
      h[l] = next;
      x = next;
    }
  }

  private double unit(int l, int unit, double[] x) {
    switch (config.kind()) {
      case FFNN:
        return Math.tanh(ofInput(l, 0, unit, x));
      case RNN:
        return Math.tanh(ofInput(l, 0, unit, x) + ofHidden(l, 0, unit));
      case LSTM:
        double i = sigmoid(ofInput(l, 0, unit, x) + ofHidden(l, 0, unit));
        double f = sigmoid(ofInput(l, 1, unit, x) + ofHidden(l, 1, unit));
        double g = Math.tanh(ofInput(l, 2, unit, x) + ofHidden(l, 2, unit));
        double o = sigmoid(ofInput(l, 3, unit, x) + ofHidden(l, 3, unit));
        c[l][unit] = f * c[l][unit] + i * g;
        return o * Math.tanh(c[l][unit]);
      case GRU:
        double r = sigmoid(ofInput(l, 0, unit, x) + ofHidden(l, 0, unit));
        double z = sigmoid(ofInput(l, 1, unit, x) + ofHidden(l, 1, unit));
        double n = Math.tanh(ofInput(l, 2, unit, x) + r * ofHidden(l, 2, unit));
        return (1 - z) * n + z * h[l][unit];
      default:
        throw new IllegalArgumentException(config.kind().toString());
    }
  }

  private double ofInput(int l, int gate, int unit, double[] x) {
    int row = gate * config.hiddenSize() + unit;
    double z = at("rnn.bias_ih_l" + l, row, 0, 1);
    for (int k = 0; k < x.length; k++) {
      z += at("rnn.weight_ih_l" + l, row, k, x.length) * x[k];
    }
    return z;
  }

  private double ofHidden(int l, int gate, int unit) {
    int row = gate * config.hiddenSize() + unit;
    double z = at("rnn.bias_hh_l" + l, row, 0, 1);
    for (int k = 0; k < config.hiddenSize(); k++) {
      z += at("rnn.weight_hh_l" + l, row, k, config.hiddenSize()) * h[l][k];
    }
    return z;
  }

  /** The top layer's h. */
  public double[] top() {
    return h[h.length - 1];
  }

  /** Probabilities of the next token, (V). */
  public double[] nextToken() {
    return softmax(logits("next_token", top(), config.vocabSize()));
  }

  /** Logits (rows) of the head with this name for its input. */
  public double[] logits(String head, double[] in, int rows) {
    double[] logits = new double[rows];
    for (int r = 0; r < rows; r++) {
      logits[r] = at(head + ".bias", r, 0, 1);
      for (int k = 0; k < in.length; k++) {
        logits[r] += at(head + ".weight", r, k, in.length) * in[k];
      }
    }
    return logits;
  }

  /** Probabilities of logits. */
  public static double[] softmax(double[] logits) {
    double sum = 0;
    double[] p = new double[logits.length];
    for (int i = 0; i < p.length; i++) {
      p[i] = Math.exp(logits[i]);
      sum += p[i];
    }
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
    return p;
  }

  private double at(String tensor, int row, int column, int columns) {
    return parameters.values()[parameters.offset(tensor) + row * columns + column];
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }
}
