package io.undercurrent.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The shape of a network, as {@code config.json} of a checkpoint says it. Immutable.
 *
 * @param name what the model is called in enriched records, for example {@code en-chat}
 * @param kind what the layers are
 * @param vocabSize V, tokens in the vocabulary
 * @param embeddingSize E
 * @param hiddenSize H, units of each layer
 * @param numLayers layers one above the other, at least 1
 * @param window n, tokens that the first layer of an {@code ffnn} sees, its own included; 1 for
 *     other kinds
 * @param pooling what the sentiment head sees of a record
 * @param labels the classes of the sentiment head, in the order of its outputs
 */
public record ModelConfig(
    String name,
    Kind kind,
    int vocabSize,
    int embeddingSize,
    int hiddenSize,
    int numLayers,
    int window,
    Pooling pooling,
    List<String> labels) {

  /** The classes of every sentiment head, in output order. */
  public static final List<String> SENTIMENT_LABELS = List.of("negative", "neutral", "positive");

  /** Index of {@code negative} in {@link #SENTIMENT_LABELS}. */
  public static final int NEGATIVE = 0;

  /** Index of {@code positive} in {@link #SENTIMENT_LABELS}. */
  public static final int POSITIVE = 2;

  /** What the sentiment head sees of the hidden states of one record. */
  public enum Pooling {
    /** The last one. */
    LAST(1),
    /** The last, the running maximum and the running mean, one after the other. */
    CONCAT(3);

    private final int parts;

    Pooling(int parts) {
      this.parts = parts;
    }

    /** How many vectors of H values the head reads. */
    public int parts() {
      return parts;
    }
  }

  public ModelConfig {
    require("name", !name.isBlank(), "not blank", name);
    require("vocab_size", vocabSize >= 2 && vocabSize <= 1 << 20, "2 to 1048576", vocabSize);
    require(
        "embedding_size", embeddingSize >= 1 && embeddingSize <= 8192, "1 to 8192", embeddingSize);
    require("hidden_size", hiddenSize >= 1 && hiddenSize <= 8192, "1 to 8192", hiddenSize);
    require("num_layers", numLayers >= 1 && numLayers <= 16, "1 to 16", numLayers);
    require(
        "window",
        window == 1 || kind == Kind.FFNN && window >= 1 && window <= 64,
        kind == Kind.FFNN ? "1 to 64" : "1 for kind " + kind,
        window);
    labels = List.copyOf(labels);
    require("labels", labels.equals(SENTIMENT_LABELS), SENTIMENT_LABELS.toString(), labels);
  }

  /**
   * A network with a window of 1.
   *
   * @param kind as {@code config.json} writes it
   */
  public ModelConfig(
      String name,
      String kind,
      int vocabSize,
      int embeddingSize,
      int hiddenSize,
      int numLayers,
      Pooling pooling,
      List<String> labels) {
    this(name, Kind.of(kind), vocabSize, embeddingSize, hiddenSize, numLayers, 1, pooling, labels);
  }

  private static void require(String key, boolean holds, String expected, Object found) {
    if (!holds) {
      throw new IllegalArgumentException(key + " must be " + expected + ", found " + found);
    }
  }

  /** C, classes of the sentiment head. */
  public int classes() {
    return labels.size();
  }

  /** What layer {@code l} reads: n * E for the first, H for the others. */
  public int inputSize(int l) {
    return l == 0 ? window * embeddingSize : hiddenSize;
  }

  /** G * H, rows of each layer's weights: gate by gate. */
  public int gateRows() {
    return kind.cell().gates() * hiddenSize;
  }

  /** Names and shapes of all tensors, in the order they are stored. */
  public List<Tensor> tensors() {
    int gates = gateRows();
    List<Tensor> all = new ArrayList<>();
    all.add(new Tensor("embedding.weight", vocabSize, embeddingSize));
    for (int l = 0; l < numLayers; l++) {
      all.add(new Tensor("rnn.weight_ih_l" + l, gates, inputSize(l)));
      if (kind.recurrent()) {
        all.add(new Tensor("rnn.weight_hh_l" + l, gates, hiddenSize));
      }
      all.add(new Tensor("rnn.bias_ih_l" + l, gates));
      if (kind.recurrent()) {
        all.add(new Tensor("rnn.bias_hh_l" + l, gates));
      }
    }
    all.add(new Tensor("sentiment.weight", classes(), pooling.parts() * hiddenSize));
    all.add(new Tensor("sentiment.bias", classes()));
    all.add(new Tensor("next_token.weight", vocabSize, hiddenSize));
    all.add(new Tensor("next_token.bias", vocabSize));
    return all;
  }
}
