package io.undercurrent.model;

import java.util.ArrayList;
import java.util.List;

/**
 * The configuration of a network, as {@code config.json} of a checkpoint writes it. Immutable.
 *
 * @param name the model's name in enriched records, for example {@code en-chat}
 * @param kind the kind of the layers
 * @param vocabSize V, the number of tokens in the vocabulary
 * @param embeddingSize E, values in the embedding of a token
 * @param hiddenSize H, units of each layer
 * @param numLayers number of layers, at least 1
 * @param window n, the number of last tokens that the first layer of an {@code ffnn} reads, the
 *     current one included; 1 for other kinds
 * @param pooling what the sentiment head reads of a record
 * @param nextToken how the next-token head is built
 * @param attention what the sentiment head reads of a key's past records
 * @param cache the cache of a key's past tokens in the next-token head
 * @param temperature what the sentiment logits are divided by before the softmax (Guo et al. 2017);
 *     1 changes nothing. Above 1 the probabilities move towards each other, below 1 apart; their
 *     order stays
 * @param labels the classes of the sentiment head, in the order of its outputs
 */
public record ModelConfig(
    String name,
    CellType kind,
    int vocabSize,
    int embeddingSize,
    int hiddenSize,
    int numLayers,
    int window,
    Pooling pooling,
    NextToken nextToken,
    Attention attention,
    Cache cache,
    float temperature,
    Labels labels) {

  /** What the sentiment head reads of the hidden states of one record. */
  public enum Pooling {
    /** The last hidden state. */
    LAST(1),
    /** The last hidden state, the running maximum and the running mean, concatenated. */
    CONCAT(3);

    private final int parts;

    Pooling(int parts) {
      this.parts = parts;
    }

    /** The number of vectors of H values that the head reads. */
    public int parts() {
      return parts;
    }
  }

  /**
   * The next-token head. It is one softmax over the vocabulary, or an adaptive softmax (Grave et
   * al. 2017) like PyTorch's {@code AdaptiveLogSoftmaxWithLoss}: a first softmax over the frequent
   * tokens and one output for each cluster of rarer tokens. Token ids are in order of frequency.
   *
   * @param cutoffs the first token of each cluster, ascending; empty for one softmax
   * @param divValue cluster i (from 0) reads H / divValue^(i+1) values; divValue is at least 1
   * @param tied whether the head's weights are the embeddings (Press and Wolf 2017; Inan et al.
   *     2017); where E is not H, h is projected to E first
   */
  public record NextToken(List<Integer> cutoffs, int divValue, boolean tied) {

    /** One softmax whose weights are not the embeddings. */
    public static final NextToken FULL = new NextToken(List.of(), 4, false);

    public NextToken {
      cutoffs = List.copyOf(cutoffs);
    }

    /** The number of clusters. */
    public int clusters() {
      return cutoffs.size();
    }
  }

  /**
   * Learnt attention over the key's last records; see {@link RecordAttention}.
   *
   * @param records R, the maximum number of past records that it looks at; 0 for no attention
   * @param size A, values in a query and in a key
   */
  public record Attention(int records, int size) {

    /** No attention. */
    public static final Attention NONE = new Attention(0, 0);

    /** Whether there is attention. */
    public boolean on() {
      return records > 0;
    }
  }

  /**
   * A continuous cache over the key's last tokens; see {@link ContinuousCache}. Nothing in it is
   * learnt, so {@link Model#withCache} can try another.
   *
   * @param tokens N, the maximum number of pairs that it holds, each an h and the token after it; 0
   *     for no cache
   * @param theta the weight of the likeness between two h
   * @param lambda the share of the cache in the next token's probability
   */
  public record Cache(int tokens, float theta, float lambda) {

    /** No cache. */
    public static final Cache NONE = new Cache(0, 0, 0);

    public Cache {
      require("cache.tokens", tokens >= 0 && tokens <= 16_384, "0 to 16384", tokens);
      require("cache.theta", theta >= 0 && theta <= 100, "0 to 100", theta);
      require("cache.lambda", lambda >= 0 && lambda < 1, "0 to less than 1", lambda);
    }

    /** Whether there is a cache. */
    public boolean on() {
      return tokens > 0;
    }
  }

  /** A network with the labels of {@link Labels#SENTIMENT}. */
  public ModelConfig(
      String name,
      CellType kind,
      int vocabSize,
      int embeddingSize,
      int hiddenSize,
      int numLayers,
      int window,
      Pooling pooling,
      NextToken nextToken,
      Attention attention,
      Cache cache,
      float temperature) {
    this(
        name,
        kind,
        vocabSize,
        embeddingSize,
        hiddenSize,
        numLayers,
        window,
        pooling,
        nextToken,
        attention,
        cache,
        temperature,
        Labels.SENTIMENT);
  }

  /** A network with a temperature of 1 and the labels of {@link Labels#SENTIMENT}. */
  public ModelConfig(
      String name,
      CellType kind,
      int vocabSize,
      int embeddingSize,
      int hiddenSize,
      int numLayers,
      int window,
      Pooling pooling,
      NextToken nextToken,
      Attention attention,
      Cache cache) {
    this(
        name,
        kind,
        vocabSize,
        embeddingSize,
        hiddenSize,
        numLayers,
        window,
        pooling,
        nextToken,
        attention,
        cache,
        1f);
  }

  /** A network without attention and cache, with a temperature of 1. */
  public ModelConfig(
      String name,
      CellType kind,
      int vocabSize,
      int embeddingSize,
      int hiddenSize,
      int numLayers,
      int window,
      Pooling pooling,
      NextToken nextToken) {
    this(
        name,
        kind,
        vocabSize,
        embeddingSize,
        hiddenSize,
        numLayers,
        window,
        pooling,
        nextToken,
        Attention.NONE,
        Cache.NONE);
  }

  /**
   * A network with a window of 1 and one softmax over the vocabulary.
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
      Pooling pooling) {
    this(
        name,
        CellType.of(kind),
        vocabSize,
        embeddingSize,
        hiddenSize,
        numLayers,
        1,
        pooling,
        NextToken.FULL);
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
        window == 1 || kind == CellType.FFNN && window >= 1 && window <= 64,
        kind == CellType.FFNN ? "1 to 64" : "1 for kind " + kind,
        window);
    int below = 0;
    for (int cutoff : nextToken.cutoffs) {
      require(
          "next_token.cutoffs",
          cutoff > below && cutoff < vocabSize,
          "ascending, from 1 to below vocab_size " + vocabSize,
          nextToken.cutoffs);
      below = cutoff;
    }
    require("next_token.div_value", nextToken.divValue >= 1, "at least 1", nextToken.divValue);
    require(
        "next_token.cutoffs",
        nextToken.clusters() == 0 || clusterSize(nextToken, hiddenSize, nextToken.clusters()) >= 1,
        "few enough that hidden_size / div_value^clusters is at least 1",
        nextToken.cutoffs);
    require(
        "tie_weights",
        !nextToken.tied || nextToken.clusters() == 0,
        "false where next_token has cutoffs",
        nextToken.tied);
    require(
        "attention.records",
        attention.records >= 0 && attention.records <= 1024,
        "0 to 1024",
        attention.records);
    require(
        "attention.size",
        attention.on() ? attention.size >= 1 && attention.size <= 8192 : attention.size == 0,
        attention.on() ? "1 to 8192" : "0 without records",
        attention.size);
    require(
        "sentiment.temperature",
        temperature >= 0.01f && temperature <= 100,
        "0.01 to 100",
        temperature);
  }

  private static int clusterSize(NextToken nextToken, int hiddenSize, int power) {
    int size = hiddenSize;
    for (int i = 0; i < power; i++) {
      size /= nextToken.divValue;
    }
    return size;
  }

  private static void require(String key, boolean holds, String expected, Object found) {
    if (!holds) {
      throw new IllegalArgumentException(key + " must be " + expected + ", found " + found);
    }
  }

  /** The same configuration with another name. */
  public ModelConfig withName(String other) {
    return with(other, attention, cache, temperature, labels);
  }

  /** The same configuration with other attention. It has other tensors. */
  public ModelConfig withAttention(Attention other) {
    return with(name, other, cache, temperature, labels);
  }

  /** The same configuration with another cache. It has the same tensors. */
  public ModelConfig withCache(Cache other) {
    return with(name, attention, other, temperature, labels);
  }

  /** The same configuration with another temperature. It has the same tensors. */
  public ModelConfig withTemperature(float other) {
    return with(name, attention, cache, other, labels);
  }

  /** The same configuration with other labels. It has other tensors if their number differs. */
  public ModelConfig withLabels(Labels other) {
    return with(name, attention, cache, temperature, other);
  }

  private ModelConfig with(
      String name, Attention attention, Cache cache, float temperature, Labels labels) {
    return new ModelConfig(
        name,
        kind,
        vocabSize,
        embeddingSize,
        hiddenSize,
        numLayers,
        window,
        pooling,
        nextToken,
        attention,
        cache,
        temperature,
        labels);
  }

  /** Whether a key's past records are kept beside its hidden state. */
  public boolean hasMemory() {
    return attention.on() || cache.on();
  }

  /**
   * The number of values that the sentiment head reads: the pooled h, then the context of
   * attention.
   */
  public int sentimentSize() {
    return (pooling.parts() + (attention.on() ? 1 : 0)) * hiddenSize;
  }

  /** C, classes of the sentiment head. */
  public int classes() {
    return labels.size();
  }

  /** The number of values that layer {@code l} reads: n * E for the first, H for the others. */
  public int inputSize(int l) {
    return l == 0 ? window * embeddingSize : hiddenSize;
  }

  /** The number of gates of layer {@code l} that are products of its input. */
  public int gates(int l) {
    Cell cell = kind.cell();
    return cell.gates() - (cell.lastGateIsInput() && inputSize(l) == hiddenSize ? 1 : 0);
  }

  /** The number of rows of layer {@code l}'s weights: its {@link #gates}, each H rows. */
  public int gateRows(int l) {
    return gates(l) * hiddenSize;
  }

  /**
   * The number of values that cluster {@code i} of the next-token head reads: H / divValue^(i+1).
   */
  public int clusterSize(int i) {
    return clusterSize(nextToken, hiddenSize, i + 1);
  }

  /** The first token of cluster {@code i}; V if {@code i} is the number of clusters. */
  public int clusterStart(int i) {
    return i == nextToken.clusters() ? vocabSize : nextToken.cutoffs.get(i);
  }

  /**
   * The number of outputs of the next-token head's first softmax: frequent tokens, then clusters.
   */
  public int headSize() {
    return clusterStart(0) + nextToken.clusters();
  }

  /** Whether h is projected to E values before it is multiplied by tied weights. */
  public boolean projected() {
    return nextToken.tied && embeddingSize != hiddenSize;
  }

  /** The name of the weights of the next-token head's first softmax. */
  public String headWeight() {
    return nextToken.tied
        ? "embedding.weight"
        : nextToken.clusters() == 0 ? "next_token.weight" : "next_token.head.weight";
  }

  /** The name of the biases of the next-token head's first softmax. */
  public String headBias() {
    return nextToken.clusters() == 0 ? "next_token.bias" : "next_token.head.bias";
  }

  /** The names and shapes of all tensors, in the order in which they are stored. */
  public List<Tensor> tensors() {
    Cell cell = kind.cell();
    List<Tensor> all = new ArrayList<>();
    all.add(new Tensor("embedding.weight", vocabSize, embeddingSize));
    for (int l = 0; l < numLayers; l++) {
      int gates = gateRows(l);
      all.add(new Tensor("rnn.weight_ih_l" + l, gates, inputSize(l)));
      if (kind.multipliesH()) {
        all.add(new Tensor("rnn.weight_hh_l" + l, gates, hiddenSize));
      }
      all.add(new Tensor("rnn.bias_ih_l" + l, gates));
      if (kind.multipliesH()) {
        all.add(new Tensor("rnn.bias_hh_l" + l, gates));
      }
      if (cell.gatesThatSeeC() > 0) {
        all.add(new Tensor("rnn.weight_c_l" + l, cell.gatesThatSeeC() * hiddenSize));
      }
    }
    if (attention.on()) {
      all.add(new Tensor("attention.query.weight", attention.size, hiddenSize));
      all.add(new Tensor("attention.key.weight", attention.size, hiddenSize));
      all.add(new Tensor("attention.null", 1));
    }
    all.add(new Tensor("sentiment.weight", classes(), sentimentSize()));
    all.add(new Tensor("sentiment.bias", classes()));
    if (projected()) {
      all.add(new Tensor("next_token.projection.weight", embeddingSize, hiddenSize));
    }
    if (!nextToken.tied) {
      all.add(new Tensor(headWeight(), headSize(), hiddenSize));
    }
    all.add(new Tensor(headBias(), headSize()));
    for (int i = 0; i < nextToken.clusters(); i++) {
      int size = clusterStart(i + 1) - clusterStart(i);
      all.add(new Tensor("next_token.tail." + i + ".0.weight", clusterSize(i), hiddenSize));
      all.add(new Tensor("next_token.tail." + i + ".1.weight", size, clusterSize(i)));
    }
    return all;
  }
}
