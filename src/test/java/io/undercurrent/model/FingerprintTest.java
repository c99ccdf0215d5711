package io.undercurrent.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.text.WhitespaceTokenizer;
import io.undercurrent.text.WordTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FingerprintTest {

  private static final TinyModel TINY =
      TinyModel.looking(new Attention(3, 4), new Cache(50, 0.3f, 0.1f), 3);

  private final ModelConfig config = TINY.config();

  private static String of(ModelConfig config) {
    return of(config, TINY.tokenizer(), TinyModel.random(config, 3));
  }

  private static String of(ModelConfig config, Tokenizer tokenizer, Parameters parameters) {
    String fingerprint = Fingerprint.of(config, tokenizer, parameters);
    assertThat(fingerprint).matches("[0-9a-f]{12}");
    return fingerprint;
  }

  private ModelConfig with(CellType kind, int window, Pooling pooling, NextToken nextToken) {
    return new ModelConfig(
        "tiny",
        kind,
        config.vocabSize(),
        config.embeddingSize(),
        config.hiddenSize(),
        config.numLayers(),
        window,
        pooling,
        nextToken,
        config.attention(),
        config.cache());
  }

  private ModelConfig sized(int embeddingSize, int hiddenSize, int numLayers) {
    return new ModelConfig(
        "tiny",
        CellType.LSTM,
        config.vocabSize(),
        embeddingSize,
        hiddenSize,
        numLayers,
        1,
        config.pooling(),
        config.nextToken(),
        config.attention(),
        config.cache());
  }

  /**
   * Stored states carry the fingerprint. If it changed, all states of existing models would be read
   * as foreign.
   */
  @Test
  void shouldBeTheSameInEveryVersion() {
    assertThat(of(config)).isEqualTo("7a9bebf5a496");
    assertThat(of(config.withCache(Cache.NONE))).isEqualTo("bf632f059830");
  }

  @Test
  void shouldNotDependOnTheName() {
    assertThat(of(config.withName("another"))).isEqualTo(of(config));
  }

  @Test
  void shouldNotDependOnADivisorWithoutClusters() {
    ModelConfig one = with(CellType.LSTM, 1, Pooling.LAST, new NextToken(List.of(), 4, false));
    ModelConfig other = with(CellType.LSTM, 1, Pooling.LAST, new NextToken(List.of(), 7, false));
    assertThat(of(one)).isEqualTo(of(other));
  }

  @Test
  void shouldNotDependOnATemperatureOfOne() {
    assertThat(of(config.withTemperature(2).withTemperature(1))).isEqualTo(of(config));
  }

  @Test
  void shouldNotDependOnACacheThatIsOff() {
    assertThat(of(config.withCache(new Cache(0, 2, 0.5f))))
        .isEqualTo(of(config.withCache(Cache.NONE)));
  }

  @Test
  void shouldDifferWithEveryFieldThatChangesTheOutput() {
    NextToken head = config.nextToken();
    int v = config.vocabSize();
    NextToken full = NextToken.FULL;
    List<ModelConfig> different =
        List.of(
            config,
            with(CellType.GRU, 1, Pooling.CONCAT, head),
            with(CellType.RNN, 1, Pooling.CONCAT, head),
            with(CellType.FFNN, 1, Pooling.CONCAT, head),
            with(CellType.FFNN, 2, Pooling.CONCAT, head),
            with(CellType.LSTM, 1, Pooling.LAST, head),
            with(CellType.LSTM, 1, Pooling.CONCAT, new NextToken(List.of(v - 8, v - 2), 2, false)),
            with(CellType.LSTM, 1, Pooling.CONCAT, new NextToken(List.of(v - 8), 2, false)),
            with(CellType.LSTM, 1, Pooling.CONCAT, new NextToken(head.cutoffs(), 3, false)),
            with(CellType.LSTM, 1, Pooling.CONCAT, full),
            with(CellType.LSTM, 1, Pooling.CONCAT, new NextToken(List.of(), 4, true)),
            sized(10, 13, 2),
            sized(9, 14, 2),
            sized(9, 13, 1),
            config.withAttention(Attention.NONE),
            config.withAttention(new Attention(4, 4)),
            config.withAttention(new Attention(3, 5)),
            config.withCache(Cache.NONE),
            config.withCache(new Cache(51, 0.3f, 0.1f)),
            config.withCache(new Cache(50, 0.4f, 0.1f)),
            config.withCache(new Cache(50, 0.3f, 0.2f)),
            config.withTemperature(1.3f),
            config.withTemperature(1.4f),
            config.withCache(Cache.NONE).withTemperature(1.3f));

    Set<String> fingerprints = new HashSet<>();
    different.forEach(other -> fingerprints.add(of(other)));

    assertThat(fingerprints).hasSameSizeAs(different);
  }

  @Test
  void shouldDifferWithOneBitOfAnyTensor() {
    String before = of(config);
    for (Tensor tensor : config.tensors()) {
      Parameters parameters = TinyModel.random(config, 3);
      int at = parameters.offset(tensor.name()) + tensor.size() - 1;
      parameters.values()[at] = Math.nextUp(parameters.values()[at]);
      assertThat(of(config, TINY.tokenizer(), parameters)).as(tensor.name()).isNotEqualTo(before);
    }
  }

  @Test
  void shouldDifferWithAToken() {
    List<String> swapped = new ArrayList<>(TinyModel.WORDS);
    Collections.swap(swapped, 3, 4);
    List<String> other = new ArrayList<>(TinyModel.WORDS);
    other.set(3, "were");
    List<String> moved = new ArrayList<>(TinyModel.WORDS); // the same letters, cut elsewhere
    moved.set(3, "vwx");
    moved.set(4, "yz");
    List<String> cut = new ArrayList<>(moved);
    cut.set(3, "vw");
    cut.set(4, "xyz");
    Set<String> fingerprints = new HashSet<>();
    for (List<String> words : List.of(TinyModel.WORDS, swapped, other, moved, cut)) {
      fingerprints.add(of(config, WordTokenizer.of(words), TINY.parameters()));
    }
    assertThat(fingerprints).hasSize(5);
  }

  @Test
  void shouldDifferIfSpellingsAreRated() {
    Tokenizer rating = WordTokenizer.of(TinyModel.WORDS).withSpelling();
    assertThat(of(config, rating, TINY.parameters())).isNotEqualTo(of(config));
  }

  @Test
  void shouldDifferWithTheTypeOfATokenizerOfTheSameTokens() {
    Tokenizer words = TINY.tokenizer();
    Tokenizer spaces =
        WhitespaceTokenizer.of(IntStream.range(0, words.size()).mapToObj(words::token).toList());
    assertThat(of(config, spaces, TINY.parameters()))
        .isNotEqualTo(of(config, words, TINY.parameters()));
  }

  /** A model that tries another cache is the model of a checkpoint with that cache. */
  @Test
  void shouldBeThatOfACheckpointWithTheSameCache() {
    List<Cache> caches =
        Arrays.asList(config.cache(), Cache.NONE, new Cache(9, 2, 0.3f), new Cache(9, 2, 0.4f));
    for (Cache from : caches) {
      Model model = model(config.withCache(from));
      for (Cache to : caches) {
        String expected = of(config.withCache(to));
        assertThat(model.withCache(to).fingerprint()).isEqualTo(expected);
        assertThat(model.withCache(new Cache(7, 1, 0.1f)).withCache(to).fingerprint())
            .isEqualTo(expected);
      }
    }
  }

  private static Model model(ModelConfig config) {
    Parameters parameters = TinyModel.random(config, 3);
    Network network = new Network(config, parameters, Kernels.best());
    return new Model(config, TINY.tokenizer(), network, of(config));
  }

  @Test
  void shouldChangeWithLabelsAndValencesButNotWithTheUsualOnes() {
    Parameters parameters = TinyModel.random(config, 3); // three classes
    List<Labels> labels =
        List.of(
            Labels.SENTIMENT,
            Labels.unscored(Labels.SENTIMENT.names()),
            new Labels(Labels.SENTIMENT.names(), List.of(-1f, 0.5f, 1f)),
            Labels.unscored(List.of("a", "b", "c")),
            Labels.unscored(List.of("a", "bc", "d")),
            Labels.unscored(List.of("ab", "c", "d")),
            new Labels(List.of("a", "b", "c"), List.of(-1f, 0f, 1f)));
    Set<String> all = new HashSet<>();
    for (Labels each : labels) {
      all.add(of(config.withLabels(each), TINY.tokenizer(), parameters));
    }

    assertThat(all).hasSameSizeAs(labels);
    assertThat(of(config.withLabels(Labels.SENTIMENT))).isEqualTo("7a9bebf5a496");
    ModelConfig own = config.withLabels(labels.get(3));
    assertThat(own.withName("x").withTemperature(2).withCache(Cache.NONE).labels())
        .isEqualTo(labels.get(3));
  }
}
