package io.undercurrent.model;

import io.undercurrent.kernel.Functions;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.kernel.ProductScratch;

/**
 * A network ready to read. Its weights are packed for the kernels. The input product of the first
 * layer is a table with one row per token, or one such table for each position of a larger window.
 * Immutable and thread-safe; the caller holds the scratch.
 *
 * <p>{@link #step} defines the forward pass. Training computes it for whole chunks; {@code
 * ServedForwardTest} checks that both give the same at every shape.
 */
public final class Network {

  private final ModelConfig config;
  private final Cell cell;
  private final Kernels kernels;
  private final boolean multipliesH;
  private final float[][] inputTables; // (n) of (V, G*H) = embedding W_ih^T [+ biases], layer 0
  private final PackedMatrix[][] inputs; // (numLayers, G) of (H, H); the first layer has none
  private final PackedMatrix[][] recurrent; // (numLayers, G) of (H, H); none without weight_hh
  private final float[][] weightC; // (numLayers, gatesThatSeeC*H)
  private final float[] embedding; // (V, E) where the first layer passes its input on, or empty
  private final float[][] biases; // (numLayers, G*H), b_ih + b_hh, or b_ih where parts are apart
  private final float[][] recurrentBiases; // (numLayers, G*H), b_hh where parts are kept apart
  private final RecordAttention attention; // or null
  private final PackedMatrix sentiment; // (parts * H [+ H], C)
  private final float[] sentimentBias; // (C)
  private final NextTokenHead nextToken;

  public Network(ModelConfig config, Parameters parameters, Kernels kernels) {
    this.config = config;
    cell = config.kind().cell();
    this.kernels = kernels;
    multipliesH = config.kind().multipliesH();
    int layers = config.numLayers();
    float[] p = parameters.values();
    inputs = new PackedMatrix[layers][];
    recurrent = new PackedMatrix[layers][];
    weightC = new float[layers][0];
    biases = new float[layers][];
    recurrentBiases = new float[layers][];
    for (int l = 0; l < layers; l++) {
      biases[l] = parameters.copy("rnn.bias_ih_l" + l);
      if (l > 0) {
        inputs[l] = gates(l, parameters, "rnn.weight_ih_l" + l);
      }
      if (cell.gatesThatSeeC() > 0) {
        weightC[l] = parameters.copy("rnn.weight_c_l" + l);
      }
      if (multipliesH) {
        recurrent[l] = gates(l, parameters, "rnn.weight_hh_l" + l);
        recurrentBiases[l] = parameters.copy("rnn.bias_hh_l" + l);
        if (!cell.keepsPartsApart()) {
          add(biases[l], recurrentBiases[l], biases[l].length);
        }
      }
    }
    inputTables = inputTables(kernels, parameters);
    embedding = config.gates(0) < cell.gates() ? parameters.copy("embedding.weight") : new float[0];

    attention = config.attention().on() ? new RecordAttention(config, parameters, kernels) : null;
    int features = config.sentimentSize();
    sentiment = kernels.matrix(features, config.classes());
    sentiment.pack(p, parameters.offset("sentiment.weight"), 1, features);
    sentimentBias = parameters.copy("sentiment.bias");
    nextToken = new NextTokenHead(config, parameters, kernels);
  }

  private PackedMatrix[] gates(int l, Parameters from, String name) {
    int hidden = config.hiddenSize();
    PackedMatrix[] gates = new PackedMatrix[config.gates(l)];
    for (int gate = 0; gate < gates.length; gate++) {
      gates[gate] = kernels.matrix(hidden, hidden);
      gates[gate].pack(from.values(), from.offset(name) + gate * hidden * hidden, 1, hidden);
    }
    return gates;
  }

  /**
   * One table for each position in the window. The last one, of the current token, includes the
   * biases.
   */
  private float[][] inputTables(Kernels kernels, Parameters parameters) {
    int rows = config.vocabSize();
    int in = config.embeddingSize();
    int out = config.gateRows(0);
    float[] p = parameters.values();
    float[][] tables = new float[config.window()][];
    for (int index = 0; index < tables.length; index++) {
      PackedMatrix weightIh = kernels.matrix(in, out);
      weightIh.pack(p, parameters.offset("rnn.weight_ih_l0") + index * in, 1, config.inputSize(0));
      float[] table = new float[Math.multiplyExact(rows, out)];
      weightIh.multiply(
          rows,
          p,
          parameters.offset("embedding.weight"),
          in,
          1,
          table,
          0,
          out,
          false,
          new ProductScratch());
      tables[index] = table;
    }
    float[] own = tables[tables.length - 1];
    for (int at = 0; at < own.length; at += out) {
      for (int u = 0; u < out; u++) {
        own[at + u] += biases[0][u];
      }
    }
    return tables;
  }

  public ModelConfig config() {
    return config;
  }

  /** Buffers for steps of one key at a time, for one thread. */
  public Scratch scratch() {
    return new Scratch(this, 1);
  }

  /** Buffers for steps of up to {@code rows} keys at once, for one thread. */
  public Scratch scratch(int rows) {
    return new Scratch(this, kernels.paddedRows(rows));
  }

  /** New states for up to {@code rows} keys; none of them is set. */
  public HiddenStates states(int rows) {
    return new HiddenStates(config, kernels.paddedRows(rows));
  }

  /**
   * Whether no product reads the state, so that {@link #readAhead} may compute the products of many
   * tokens at once.
   */
  public boolean readsAhead() {
    return config.kind().recurrent() && !multipliesH;
  }

  /** Buffers of {@link #readAhead} for up to {@code tokens} tokens, for one thread. */
  public AheadScratch aheadScratch(int tokens) {
    return new AheadScratch(this, kernels.paddedRows(tokens));
  }

  /** Buffers of {@link #readAhead}; owned by one thread. */
  public static final class AheadScratch {
    private final Cell.Step[] steps; // (numLayers) of H units
    private final float[][] z; // (G) of (T, H)
    private final float[] x; // (T, H)
    private final ProductScratch buffers = new ProductScratch();

    private AheadScratch(Network network, int tokens) {
      int hidden = network.config.hiddenSize();
      steps = network.steps(1);
      z = new float[network.cell.gates()][tokens * hidden];
      x = new float[tokens * hidden];
    }
  }

  /** Buffers of {@link #step}; owned by one thread. */
  public static final class Scratch {
    private final Cell.Step[] steps; // (numLayers) of B * H units
    private final float[] product; // (B, H)
    private final ProductScratch buffers = new ProductScratch();
    private final int[] token = new int[1];
    private final int[][] window = new int[1][];

    private Scratch(Network network, int rows) {
      int units = rows * network.config.hiddenSize();
      steps = network.steps(rows);
      product = new float[units];
    }
  }

  /** One step for each layer, with the layer's factors of c; they share all other arrays. */
  private Cell.Step[] steps(int rows) {
    int hidden = config.hiddenSize();
    Cell.Step shared = cell.step(rows * hidden);
    Cell.Step[] steps = new Cell.Step[config.numLayers()];
    for (int l = 0; l < steps.length; l++) {
      float[][] v = new float[cell.gatesThatSeeC()][rows * hidden];
      for (int gate = 0; gate < v.length; gate++) {
        for (int r = 0; r < rows; r++) {
          System.arraycopy(weightC[l], gate * hidden, v[gate], r * hidden, hidden);
        }
      }
      steps[l] = new Cell.Step(shared.z(), shared.u(), v, shared.previous(), shared.tanhC());
    }
    return steps;
  }

  /** Feeds one token through all layers and replaces {@code state} by the next state. */
  public void step(int token, HiddenState state, Scratch scratch) {
    scratch.token[0] = token;
    scratch.window[0] = state.tokens();
    step(1, scratch.token, state.h(), state.c(), scratch.window, scratch);
  }

  /**
   * Feeds one token of each of the first {@code n} keys through all layers and replaces their
   * states by the next states. Gives the same bits as one key at a time.
   *
   * @param tokens (n or more) the token of each key
   */
  public void step(int n, int[] tokens, HiddenStates states, Scratch scratch) {
    step(n, tokens, states.h(), states.c(), states.tokens(), scratch);
  }

  private void step(
      int n, int[] tokens, float[][] h, float[][] c, int[][] windows, Scratch scratch) {
    int hidden = config.hiddenSize();
    int m = kernels.paddedRows(n); // rows from n on hold anything; nobody reads their results
    for (int r = 0; r < n; r++) {
      int[] window = windows[r];
      if (window.length > 0) {
        System.arraycopy(window, 1, window, 0, window.length - 1);
        window[window.length - 1] = tokens[r];
      }
    }
    for (int l = 0; l < config.numLayers(); l++) {
      Cell.Step step = scratch.steps[l];
      for (int gate = 0; gate < config.gates(l); gate++) {
        float[] z = step.z()[gate];
        if (l == 0) {
          for (int r = 0; r < n; r++) {
            input(tokens[r], windows[r], gate, z, r * hidden);
          }
        } else {
          inputs[l][gate].multiply(m, h[l - 1], z, scratch.buffers);
          addToRows(n, z, biases[l], gate * hidden);
        }
        if (cell.keepsPartsApart()) {
          recurrent[l][gate].multiply(m, h[l], step.u()[gate], scratch.buffers);
          addToRows(n, step.u()[gate], recurrentBiases[l], gate * hidden);
        } else if (multipliesH) {
          recurrent[l][gate].multiply(m, h[l], scratch.product, scratch.buffers);
          add(z, scratch.product, n * hidden);
        }
      }
      passInput(l, n, tokens, l == 0 ? null : h[l - 1], step.z());
      cell.forward(step, h[l], c[l], n * hidden);
    }
  }

  /**
   * Feeds tokens of several keys through all layers, layer by layer, and replaces the keys' states
   * by those after their tokens. Gives the same bits as {@link #step} for one token after the
   * other. Only for a network that {@link #readsAhead}.
   *
   * @param keys the number of keys
   * @param counts (keys or more) the number of tokens of each key
   * @param tokens those of the first key, then those of the second, and so on
   * @param states (keys or more) of each key
   * @return the top h after each token, (tokens or more, H), valid until the next call
   */
  public float[] readAhead(
      int keys, int[] counts, int[] tokens, HiddenState[] states, AheadScratch scratch) {
    int hidden = config.hiddenSize();
    int n = 0;
    for (int k = 0; k < keys; k++) {
      n += counts[k];
    }
    int m = kernels.paddedRows(n);
    float[] x = scratch.x; // of the layer; then its h
    int[] noWindow = {};
    for (int l = 0; l < config.numLayers(); l++) {
      for (int gate = 0; gate < config.gates(l); gate++) {
        float[] z = scratch.z[gate];
        if (l == 0) {
          for (int t = 0; t < n; t++) {
            input(tokens[t], noWindow, gate, z, t * hidden);
          }
        } else {
          inputs[l][gate].multiply(m, x, z, scratch.buffers);
          addToRows(n, z, biases[l], gate * hidden);
        }
      }
      passInput(l, n, tokens, x, scratch.z);
      Cell.Step step = scratch.steps[l];
      int at = 0;
      for (int k = 0; k < keys; k++) {
        float[] h = states[k].h()[l];
        float[] c = states[k].c()[l];
        for (int t = 0; t < counts[k]; t++, at += hidden) {
          for (int gate = 0; gate < cell.gates(); gate++) {
            System.arraycopy(scratch.z[gate], at, step.z()[gate], 0, hidden);
          }
          cell.forward(step, h, c, hidden);
          System.arraycopy(h, 0, x, at, hidden);
        }
      }
    }
    return x;
  }

  /**
   * Writes a layer's input (n, H) as its last gate, if the layer passes it on.
   *
   * @param below the h of the layer below; not read by the first layer
   */
  private void passInput(int l, int n, int[] tokens, float[] below, float[][] z) {
    if (config.gates(l) == cell.gates()) {
      return;
    }
    int hidden = config.hiddenSize();
    float[] to = z[cell.gates() - 1];
    if (l > 0) {
      System.arraycopy(below, 0, to, 0, n * hidden);
      return;
    }
    for (int r = 0; r < n; r++) {
      System.arraycopy(embedding, tokens[r] * hidden, to, r * hidden, hidden);
    }
  }

  /** Writes W_ih x + b of the first layer, for a token and the tokens before it in the window. */
  private void input(int token, int[] window, int gate, float[] z, int at) {
    int hidden = config.hiddenSize();
    int last = inputTables.length - 1;
    System.arraycopy(inputTables[last], row(token, gate), z, at, hidden);
    for (int index = last - 1; index >= 0 && window[index] >= 0; index--) {
      float[] table = inputTables[index];
      int from = row(window[index], gate);
      for (int u = 0; u < hidden; u++) {
        z[at + u] += table[from + u];
      }
    }
  }

  private int row(int token, int gate) {
    return (token * config.gates(0) + gate) * config.hiddenSize();
  }

  /** The state before a key's first record: that after the end-of-record token, read from zeros. */
  public HiddenState initialState(int endOfRecord) {
    HiddenState state = HiddenState.zeros(config);
    step(endOfRecord, state, scratch());
    return state;
  }

  /** The attention over the key's past records; null if the network has none. */
  public RecordAttention attention() {
    return attention;
  }

  /**
   * Computes the logits (C) of the sentiment head, before they are divided by the temperature. The
   * features are those (parts * H) of a {@link Pool}, followed by the context (H) of {@link
   * #attention} if there is one.
   */
  public void sentimentLogits(float[] features, float[] logits) {
    sentiment.multiply(1, features, logits, new ProductScratch());
    add(logits, sentimentBias, logits.length);
  }

  /**
   * The probabilities (C) of the sentiment classes after the tokens that the pool holds.
   *
   * @param attention the past records, after {@link RecordAttention#look}; null for a network
   *     without attention
   * @param features scratch, (parts * H [+ H])
   * @param sums scratch, ({@link Kernels#PARTIAL_SUMS})
   * @return a new array
   */
  public float[] sentiment(
      Pool pool, RecordAttention.Scratch attention, float[] features, float[] sums) {
    pool.features(features);
    if (attention != null) {
      int context = config.pooling().parts() * config.hiddenSize();
      this.attention.attend(features, features, context, attention);
    }
    float[] p = new float[config.classes()];
    sentimentLogits(features, p);
    for (int i = 0; i < p.length; i++) {
      p[i] /= config.temperature(); // exact for 1
    }
    float sum = kernels.exponentials(p, 0, p.length, Functions.max(p, 0, p.length), sums);
    for (int i = 0; i < p.length; i++) {
      p[i] /= sum;
    }
    return p;
  }

  public NextTokenHead nextToken() {
    return nextToken;
  }

  private static void add(float[] x, float[] y, int n) {
    for (int u = 0; u < n; u++) {
      x[u] += y[u];
    }
  }

  /** Adds H values of y to each of n rows of x. */
  private void addToRows(int n, float[] x, float[] y, int offset) {
    int hidden = config.hiddenSize();
    for (int r = 0; r < n; r++) {
      int at = r * hidden;
      for (int u = 0; u < hidden; u++) {
        x[at + u] += y[offset + u];
      }
    }
  }
}
