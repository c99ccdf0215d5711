package io.undercurrent.model;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;

/**
 * A network ready to read: weights packed for the kernels, and the input product of the first layer
 * as a table with one row per token. Immutable and thread-safe; scratch is the caller's.
 */
public final class Network {

  private static final int GATES = 4;

  private final ModelConfig config;
  private final float[] inputTable; // (V, 4H) = embedding W_ih^T + b_ih + b_hh, layer 0
  private final PackedMatrix[][] inputs; // (numLayers, 4) of (H, H); the first layer has none
  private final PackedMatrix[][] recurrent; // (numLayers, 4) of (H, H)
  private final float[][] biases; // (numLayers, 4H) = b_ih + b_hh
  private final PackedMatrix sentiment; // (parts * H, C)
  private final float[] sentimentBias; // (C)
  private final NextTokenHead nextToken;

  public Network(ModelConfig config, Parameters parameters, Kernels kernels) {
    this.config = config;
    int hidden = config.hiddenSize();
    int layers = config.numLayers();
    float[] p = parameters.values();
    inputs = new PackedMatrix[layers][GATES];
    recurrent = new PackedMatrix[layers][GATES];
    biases = new float[layers][GATES * hidden];
    for (int l = 0; l < layers; l++) {
      int ih = parameters.offset("rnn.bias_ih_l" + l);
      int hh = parameters.offset("rnn.bias_hh_l" + l);
      for (int u = 0; u < GATES * hidden; u++) {
        biases[l][u] = p[ih + u] + p[hh + u];
      }
      for (int gate = 0; gate < GATES; gate++) {
        recurrent[l][gate] = gate(kernels, parameters, "rnn.weight_hh_l" + l, gate, hidden);
        if (l > 0) {
          inputs[l][gate] = gate(kernels, parameters, "rnn.weight_ih_l" + l, gate, hidden);
        }
      }
    }
    inputTable = inputTable(kernels, parameters);

    int features = config.pooling().parts() * hidden;
    sentiment = kernels.matrix(features, config.classes());
    sentiment.pack(p, parameters.offset("sentiment.weight"), 1, features);
    sentimentBias = parameters.copy("sentiment.bias");
    nextToken = new NextTokenHead(config, parameters, kernels);
  }

  private PackedMatrix gate(Kernels kernels, Parameters from, String name, int gate, int hidden) {
    PackedMatrix matrix = kernels.matrix(hidden, hidden);
    matrix.pack(from.values(), from.offset(name) + gate * hidden * hidden, 1, hidden);
    return matrix;
  }

  private float[] inputTable(Kernels kernels, Parameters parameters) {
    int rows = config.vocabSize();
    int in = config.embeddingSize();
    int out = GATES * config.hiddenSize();
    float[] p = parameters.values();
    PackedMatrix weightIh = kernels.matrix(in, out);
    weightIh.pack(p, parameters.offset("rnn.weight_ih_l0"), 1, in);
    float[] table = new float[Math.multiplyExact(rows, out)];
    weightIh.multiply(rows, p, parameters.offset("embedding.weight"), in, 1, table, 0, out, false);
    for (int at = 0; at < table.length; at += out) {
      for (int u = 0; u < out; u++) {
        table[at + u] += biases[0][u];
      }
    }
    return table;
  }

  public ModelConfig config() {
    return config;
  }

  /** Buffers for one thread. */
  public Scratch scratch() {
    return new Scratch(config.hiddenSize());
  }

  /** Buffers of {@link #step}; owned by one thread. */
  public static final class Scratch {
    private final float[][] gates; // (4, H)
    private final float[][] input; // (4, H)
    private final float[] tanhC; // (H)

    private Scratch(int hidden) {
      gates = new float[GATES][hidden];
      input = new float[GATES][hidden];
      tanhC = new float[hidden];
    }
  }

  /** One token through all layers: reads and replaces h and c of {@code state}. */
  public void step(int token, HiddenState state, Scratch scratch) {
    int hidden = config.hiddenSize();
    for (int l = 0; l < config.numLayers(); l++) {
      for (int gate = 0; gate < GATES; gate++) {
        float[] input = scratch.input[gate];
        if (l == 0) {
          int row = (token * GATES + gate) * hidden;
          System.arraycopy(inputTable, row, input, 0, hidden);
        } else {
          inputs[l][gate].multiply(1, state.h()[l - 1], input);
          addBias(input, biases[l], gate * hidden, hidden);
        }
        recurrent[l][gate].multiply(1, state.h()[l], scratch.gates[gate]);
        add(scratch.gates[gate], input, hidden);
      }
      float[] c = state.c()[l];
      float[][] z = scratch.gates;
      LstmCell.forward(z[0], z[1], z[2], z[3], c, c, scratch.tanhC, state.h()[l], hidden);
    }
  }

  /** The state before a key's first record: zeros, and the end-of-record token read from there. */
  public HiddenState initialState(int endOfRecord) {
    HiddenState state = HiddenState.zeros(config.numLayers(), config.hiddenSize());
    step(endOfRecord, state, scratch());
    return state;
  }

  /** Logits (C) of the sentiment head for the features (parts * H) of a {@link Pool}. */
  public void sentimentLogits(float[] features, float[] logits) {
    sentiment.multiply(1, features, logits);
    add(logits, sentimentBias, logits.length);
  }

  public NextTokenHead nextToken() {
    return nextToken;
  }

  private static void add(float[] x, float[] y, int n) {
    for (int u = 0; u < n; u++) {
      x[u] += y[u];
    }
  }

  private static void addBias(float[] x, float[] bias, int offset, int n) {
    for (int u = 0; u < n; u++) {
      x[u] += bias[offset + u];
    }
  }
}
