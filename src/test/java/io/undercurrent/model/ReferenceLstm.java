package io.undercurrent.model;

/**
 * The network once more, in doubles and as plainly as the formulas stand in a textbook; nothing of
 * it is shared with the code under test but the parameters.
 */
public final class ReferenceLstm {

  private final ModelConfig config;
  private final Parameters parameters;

  /** Hidden states, (numLayers, H). */
  public final double[][] h;

  /** Cell states, (numLayers, H). */
  public final double[][] c;

  /** A network in the state of all zeros. */
  public ReferenceLstm(ModelConfig config, Parameters parameters) {
    this.config = config;
    this.parameters = parameters;
    h = new double[config.numLayers()][config.hiddenSize()];
    c = new double[config.numLayers()][config.hiddenSize()];
  }

  /** One token through all layers. */
  public void step(int token) {
    double[] x = new double[config.embeddingSize()];
    for (int e = 0; e < x.length; e++) {
      x[e] = at("embedding.weight", token, e, x.length);
    }
    for (int l = 0; l < config.numLayers(); l++) {
      int hidden = config.hiddenSize();
      double[] next = new double[hidden];
      for (int u = 0; u < hidden; u++) {
        double i = sigmoid(z(l, 0, u, x));
        double f = sigmoid(z(l, 1, u, x));
        double g = Math.tanh(z(l, 2, u, x));
        double o = sigmoid(z(l, 3, u, x));
        c[l][u] = f * c[l][u] + i * g;
        next[u] = o * Math.tanh(c[l][u]);
      }
      h[l] = next;
      x = next;
    }
  }

  private double z(int l, int gate, int u, double[] x) {
    int row = gate * config.hiddenSize() + u;
    double z = at("rnn.bias_ih_l" + l, row, 0, 1) + at("rnn.bias_hh_l" + l, row, 0, 1);
    for (int k = 0; k < x.length; k++) {
      z += at("rnn.weight_ih_l" + l, row, k, x.length) * x[k];
    }
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
