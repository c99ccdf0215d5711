package io.undercurrent.model;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.text.WordTokenizer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A model of a few words. Its weights are random, and so large that every token changes the state
 * visibly.
 */
public record TinyModel(ModelConfig config, Tokenizer tokenizer, Parameters parameters) {

  public static final List<String> WORDS =
      Arrays.asList("the a food was good bad not and but very service here".split(" "));

  /** An LSTM with these sizes over {@link #WORDS}. */
  public static TinyModel of(
      int embeddingSize, int hiddenSize, int numLayers, Pooling pooling, long seed) {
    return of(CellType.LSTM, 1, embeddingSize, hiddenSize, numLayers, pooling, seed);
  }

  /** A network of any kind over {@link #WORDS}. */
  public static TinyModel of(
      CellType kind,
      int window,
      int embeddingSize,
      int hiddenSize,
      int numLayers,
      Pooling pooling,
      long seed) {
    Tokenizer tokenizer = WordTokenizer.of(WORDS);
    ModelConfig config =
        new ModelConfig(
            "tiny",
            kind,
            tokenizer.size(),
            embeddingSize,
            hiddenSize,
            numLayers,
            window,
            pooling,
            ModelConfig.NextToken.FULL);
    return new TinyModel(config, tokenizer, random(config, seed));
  }

  /**
   * An LSTM of two layers of 13 units with attention and a cache, and a next-token head with
   * clusters.
   */
  public static TinyModel looking(Attention attention, Cache cache, long seed) {
    Tokenizer tokenizer = WordTokenizer.of(WORDS);
    ModelConfig config =
        new ModelConfig(
            "tiny",
            CellType.LSTM,
            tokenizer.size(),
            9,
            13,
            2,
            1,
            Pooling.CONCAT,
            new NextToken(List.of(tokenizer.size() - 8, tokenizer.size() - 3), 2, false),
            attention,
            cache);
    return new TinyModel(config, tokenizer, random(config, seed));
  }

  /** Every parameter uniform in [-1, 1). */
  public static Parameters random(ModelConfig config, long seed) {
    Parameters parameters = new Parameters(config.tensors());
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = (float) (2 * random.nextDouble() - 1);
    }
    return parameters;
  }

  /** The model, whose state is not rounded so that it can be compared with {@link #reference}. */
  public Model model() {
    return new Model(
            config, tokenizer, new Network(config, parameters, Kernels.best()), "0123456789ab")
        .withStatePrecision(StatePrecision.FP32);
  }

  /** The same model with a tokenizer that rates the spelling of unknown words. */
  public Model spelling() {
    return new Model(
            config,
            ((WordTokenizer) tokenizer).withSpelling(),
            new Network(config, parameters, Kernels.best()),
            "0123456789ac")
        .withStatePrecision(StatePrecision.FP32);
  }

  /** The network in doubles, in the state of all zeros. */
  public ReferenceNetwork reference() {
    return new ReferenceNetwork(config, parameters);
  }

  /** A text of {@code n} words, which are {@code n} tokens; no word twice in a row. */
  public static String text(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    StringBuilder text = new StringBuilder();
    int last = -1;
    for (int i = 0; i < n; i++) {
      int word = random.nextInt(WORDS.size());
      word = word == last ? (word + 1) % WORDS.size() : word;
      text.append(i == 0 ? "" : " ").append(WORDS.get(word));
      last = word;
    }
    return text.toString();
  }
}
