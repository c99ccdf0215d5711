package io.undercurrent.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The shape of a network, as {@code config.json} of a checkpoint says it. Immutable.
 *
 * @param name what the model is called in enriched records, for example {@code en-chat}
 * @param kind the recurrent network; {@code lstm}
 * @param vocabSize V, tokens in the vocabulary
 * @param embeddingSize E
 * @param hiddenSize H, units of each layer
 * @param numLayers recurrent layers, at least 1
 * @param pooling what the sentiment head sees of a record
 * @param labels the classes of the sentiment head, in the order of its outputs
 */
public record ModelConfig(
    String name,
    String kind,
    int vocabSize,
    int embeddingSize,
    int hiddenSize,
    int numLayers,
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
    require("kind", kind.equals("lstm"), "lstm", kind);
    require("vocab_size", vocabSize >= 2 && vocabSize <= 1 << 20, "2 to 1048576", vocabSize);
    require(
        "embedding_size", embeddingSize >= 1 && embeddingSize <= 8192, "1 to 8192", embeddingSize);
    require("hidden_size", hiddenSize >= 1 && hiddenSize <= 8192, "1 to 8192", hiddenSize);
    require("num_layers", numLayers >= 1 && numLayers <= 16, "1 to 16", numLayers);
    labels = List.copyOf(labels);
    require("labels", labels.equals(SENTIMENT_LABELS), SENTIMENT_LABELS.toString(), labels);
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

  /** What layer {@code l} reads: E for the first, H for the others. */
  public int inputSize(int l) {
    return l == 0 ? embeddingSize : hiddenSize;
  }

  /** Names and shapes of all tensors, in the order they are stored. */
  public List<Tensor> tensors() {
    int gates = 4 * hiddenSize;
    List<Tensor> all = new ArrayList<>();
    all.add(new Tensor("embedding.weight", vocabSize, embeddingSize));
    for (int l = 0; l < numLayers; l++) {
      all.add(new Tensor("rnn.weight_ih_l" + l, gates, inputSize(l)));
      all.add(new Tensor("rnn.weight_hh_l" + l, gates, hiddenSize));
      all.add(new Tensor("rnn.bias_ih_l" + l, gates));
      all.add(new Tensor("rnn.bias_hh_l" + l, gates));
    }
    all.add(new Tensor("sentiment.weight", classes(), pooling.parts() * hiddenSize));
    all.add(new Tensor("sentiment.bias", classes()));
    all.add(new Tensor("next_token.weight", vocabSize, hiddenSize));
    all.add(new Tensor("next_token.bias", vocabSize));
    return all;
  }
}
