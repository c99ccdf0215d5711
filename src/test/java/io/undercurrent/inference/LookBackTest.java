package io.undercurrent.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.kernel.Float16;
import io.undercurrent.model.ContinuousCache.Pair;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.Network;
import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.Pool;
import io.undercurrent.model.TinyModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests how a network with attention or a cache uses a key's past records. */
class LookBackTest {

  private static final Attention THREE = new Attention(3, 5);
  private static final Cache FORTY = new Cache(40, 1.5f, 0.3f);

  private static final List<String> TEXTS =
      List.of(
          "the food was good",
          "not bad",
          TinyModel.text(60, 1),
          "good",
          TinyModel.text(24, 2),
          "the service here was not very good",
          TinyModel.text(23, 3));

  /** Compares with the formulas in doubles, over the network's h and probabilities. */
  @ParameterizedTest
  @CsvSource({"1, 1, 0.5", "3, 0.3, 0.1", "23, 8, 0.9", "40, 0, 0.3", "500, 1.5, 0.3"})
  void shouldMixTheCacheByItsFormula(int tokens, float theta, float lambda) {
    Model model =
        TinyModel.looking(Attention.NONE, new Cache(tokens, theta, lambda), tokens).model();
    Inference inference = new Inference(model, 100, 6, true);
    HiddenState state = model.initialState();
    Memory memory = inference.memory();
    Reference reference = new Reference(model);
    for (String text : TEXTS) {
      Reading reading = inference.read(text, state, memory);

      double bits = 0;
      int[] ids = model.tokenizer().encode(text, 100).ids();
      for (int id : ids) {
        bits -= Math.log(reference.probabilities()[id]) / Math.log(2);
        reference.read(id);
      }
      double end = reference.probabilities()[model.tokenizer().endOfRecord()];
      assertThat(reading.endProbability()).isCloseTo(end, within(1e-6));
      reference.read(model.tokenizer().endOfRecord());
      double[] expected = reference.probabilities();
      assertThat(reading.surpriseBits()).isCloseTo(bits / ids.length, within(1e-5));
      List<Integer> likeliest =
          IntStream.range(0, expected.length)
              .filter(model.tokenizer()::isWord)
              .boxed()
              .sorted(Comparator.comparing((Integer id) -> -expected[id]))
              .limit(6)
              .toList();
      assertThat(reading.next())
          .extracting(NextToken::id)
          .as(text)
          .containsExactlyElementsOf(likeliest);
      for (NextToken next : reading.next()) {
        assertThat((double) next.probability()).isCloseTo(expected[next.id()], within(1e-6));
      }
      assertPairs(reading.lookBack().tokens(), reference, memory.records(), model);
    }
  }

  private static void assertPairs(List<Pair> pairs, Reference reference, long now, Model model) {
    double[] weights = reference.weights();
    List<Integer> heaviest =
        IntStream.range(0, weights.length)
            .filter(i -> model.tokenizer().isWord(reference.token(i)))
            .boxed()
            .sorted(Comparator.comparing((Integer i) -> -weights[i]))
            .limit(5)
            .toList();
    assertThat(pairs).hasSameSizeAs(heaviest);
    for (int i = 0; i < pairs.size(); i++) {
      Pair pair = pairs.get(i);
      assertThat((double) pair.weight()).isCloseTo(weights[heaviest.get(i)], within(1e-5));
      assertThat(pair.record()).isBetween(1L, now);
      String text = TEXTS.get((int) pair.record() - 1);
      assertThat(model.tokenizer().encode(text, 100).ids()[pair.position() - 1])
          .isEqualTo(pair.token());
    }
  }

  @Test
  void shouldReportTheMixtureToObserversAlsoAtTheEndOfARecord() {
    Model model = TinyModel.looking(THREE, new Cache(30, 1.5f, 0.3f), 9).model();
    Reference reference = new Reference(model);
    boolean[] all = new boolean[model.config().vocabSize()];
    Arrays.fill(all, true);
    int[] told = {0};
    Observer observer =
        new Observer() {
          @Override
          public void onSentiment(int position, float[] probabilities) {}

          @Override
          public void onToken(int token, double logProbability, Ranking ranking) {
            double[] p = reference.probabilities();
            assertThat(Math.exp(logProbability)).isCloseTo(p[token], within(1e-6));
            NextToken[] ranked = ranking.top(all, all.length);
            assertThat(ranked).hasSize(all.length);
            for (NextToken one : ranked) {
              assertThat((double) one.probability()).isCloseTo(p[one.id()], within(1e-6));
            }
            assertThat(ranked)
                .isSortedAccordingTo(Comparator.comparing((NextToken one) -> -one.probability()));
            reference.read(token);
            told[0]++;
          }
        };
    Inference inference = new Inference(model, 100, 5, true, observer);
    HiddenState state = model.initialState();
    Memory memory = inference.memory();
    TEXTS.forEach(text -> inference.read(text, state, memory));

    assertThat(told[0]).isEqualTo(4 + 1 + 2 + 1 + 60 + 1 + 1 + 1 + 24 + 1 + 7 + 1 + 23 + 1);
  }

  @Test
  void shouldCheckTheWordAgainstTheLikeliestOfTheMixture() {
    Model model = TinyModel.looking(THREE, new Cache(30, 1.5f, 0.3f), 9).model();
    boolean[] words = model.words();
    List<NextToken[]> rankings = new ArrayList<>();
    Observer observer =
        new Observer() {
          @Override
          public void onSentiment(int position, float[] probabilities) {}

          @Override
          public void onToken(int token, double logProbability, Ranking ranking) {
            rankings.add(ranking.top(words, 4));
          }
        };
    Inference inference = new Inference(model, 100, 4, true, observer);
    Inference unseen = new Inference(model, 100, 4, true);
    HiddenState state = model.initialState();
    HiddenState unseenState = model.initialState();
    Memory memory = inference.memory();
    Memory unseenMemory = unseen.memory();
    Set<Hit> found = EnumSet.noneOf(Hit.class);
    for (int i = 0; i < 40; i++) {
      String text = TinyModel.text(1 + i % 30, i);
      rankings.clear();
      Reading reading = inference.read(text, state, memory);

      int[] ids = model.tokenizer().encode(text, 100).ids();
      int checked = Reading.checkedPosition(ids, words);
      boolean expected =
          Arrays.stream(rankings.get(checked)).anyMatch(likely -> likely.id() == ids[checked]);
      assertThat(reading.hit()).as(text).isEqualTo(expected ? Hit.HIT : Hit.MISS);
      assertThat(unseen.read(text, unseenState, unseenMemory).hit()).isEqualTo(reading.hit());
      found.add(reading.hit());
    }
    assertThat(found).containsExactly(Hit.MISS, Hit.HIT);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void shouldBeLessSurprisedByARepeatedText(int seed) {
    Model model = TinyModel.looking(Attention.NONE, new Cache(100, 2, 0.5f), seed).model();
    Inference inference = new Inference(model, 100, 1, true);
    Memory memory = inference.memory();
    String text = "the food was not very good";
    inference.read(text, model.initialState(), memory);

    Reading again = inference.read(text, model.initialState(), memory);

    Inference without = new Inference(model.withCache(Cache.NONE), 100, 1, true);
    assertThat(again.surpriseBits())
        .isLessThan(without.read(text, model.initialState()).surpriseBits() - 0.3);
  }

  /** Compares with the formulas in doubles, over the h of single steps. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 100})
  void shouldClassifyARecordWithTheContextOfAttention(int records) {
    TinyModel tiny = TinyModel.looking(new Attention(records, 5), Cache.NONE, records);
    Model model = tiny.model();
    Inference inference = new Inference(model, 100, 0, false);
    HiddenState state = model.initialState();
    HiddenState stepped = model.initialState();
    Memory memory = inference.memory();
    Network network = model.network();
    List<double[]> past = new ArrayList<>();
    for (String text : TEXTS) {
      Reading reading = inference.read(text, state, memory);

      Pool pool = new Pool(model.config().pooling(), 13);
      pool.clear();
      for (int id : model.tokenizer().encode(text, 100).ids()) {
        network.step(id, stepped, network.scratch());
        pool.add(stepped.top());
      }
      float[] features = new float[4 * 13];
      pool.features(features);
      double[] h = doubles(stepped.top());
      List<double[]> seen = past.subList(Math.max(0, past.size() - records), past.size());
      double[] weights = weights(tiny, h, seen);
      for (int r = 0; r < seen.size(); r++) {
        for (int u = 0; u < 13; u++) {
          features[39 + u] += (float) (weights[1 + r] * seen.get(r)[u]);
        }
      }
      double[] logits = tiny.reference().logits("sentiment", doubles(features), 3);
      double sum = Arrays.stream(logits).map(Math::exp).sum();
      for (int k = 0; k < 3; k++) {
        assertThat((double) reading.probabilities()[k])
            .isCloseTo(Math.exp(logits[k]) / sum, within(1e-5));
      }
      LookBack look = reading.lookBack();
      assertThat((double) look.nothing()).isCloseTo(weights[0], within(1e-5));
      assertThat(look.records()).hasSize(Math.min(3, seen.size()));
      for (LookBack.Past one : look.records()) {
        int r = (int) one.record() - 1 - (past.size() - seen.size());
        assertThat((double) one.weight()).isCloseTo(weights[1 + r], within(1e-5));
        assertThat(one.tokens())
            .isEqualTo(model.tokenizer().encode(TEXTS.get((int) one.record() - 1), 100).ids());
      }
      assertThat(look.records())
          .isSortedAccordingTo(Comparator.comparing((LookBack.Past one) -> -one.weight()));
      assertThat(look.tokens()).isEmpty();
      past.add(halves(stepped.top()));
      network.step(model.tokenizer().endOfRecord(), stepped, network.scratch());
    }
  }

  @Test
  void shouldGiveTheSameBitsFromARebuiltMemory() {
    Model model = TinyModel.looking(THREE, FORTY, 7).model();
    Inference inference = new Inference(model, 100, 5, true);
    HiddenState state = model.initialState();
    HiddenState otherState = model.initialState();
    Memory memory = inference.memory();
    Memory other = inference.memory();
    for (int round = 0; round < 3; round++) {
      for (String text : TEXTS) {
        Memory rebuilt = new Memory(model.config(), other.records());
        other.entries().forEach(rebuilt::append);
        other = rebuilt;

        Reading reading = inference.read(text, state, memory);
        Reading otherReading = new Inference(model, 100, 5, true).read(text, otherState, other);

        assertThat(otherReading).usingRecursiveComparison().isEqualTo(reading);
      }
    }
  }

  @Test
  void shouldRememberOnlyWhatItLooksBackAt() {
    Model both = TinyModel.looking(THREE, FORTY, 7).model();
    Memory memory = after(both, TEXTS);
    // Records 6 and 7 have 8 + 24 positions, fewer than the cache's 40, so record 5 is kept too.
    assertThat(memory.entries()).extracting(Memory.Entry::record).containsExactly(5L, 6L, 7L);
    assertThat(memory.entries().get(0).h()).hasDimensions(25, 13);
    Memory cacheOnly =
        after(TinyModel.looking(Attention.NONE, new Cache(24, 1, 0.1f), 1).model(), TEXTS);
    assertThat(cacheOnly.entries()).extracting(Memory.Entry::record).containsExactly(7L);
    Memory cut = after(TinyModel.looking(Attention.NONE, new Cache(5, 1, 0.1f), 1).model(), TEXTS);
    assertThat(cut.entries().get(0).h()).hasDimensions(5, 13);
    Memory attentionOnly = after(TinyModel.looking(THREE, Cache.NONE, 1).model(), TEXTS);
    assertThat(attentionOnly.entries()).hasSize(3);
    assertThat(attentionOnly.entries().get(0).h()).hasDimensions(1, 13);
    Memory none = after(TinyModel.looking(Attention.NONE, Cache.NONE, 1).model(), TEXTS);
    assertThat(none.entries()).isEmpty();
  }

  @Test
  void shouldKeepTheMemoryAfterATextWithoutTokens() {
    Model model = TinyModel.looking(THREE, FORTY, 7).model();
    Memory memory = after(model, TEXTS);
    List<Memory.Entry> before = List.copyOf(memory.entries());

    Reading reading = new Inference(model, 100, 5, true).read(" ", model.initialState(), memory);

    assertThat(memory.entries()).containsExactlyElementsOf(before);
    assertThat(reading.lookBack()).isNull();
  }

  @Test
  void shouldReadARecordWithoutAMemoryLikeAFirstRecord() {
    Model model = TinyModel.looking(THREE, FORTY, 7).model();
    Inference inference = new Inference(model, 100, 5, true);

    Reading without = inference.read("the food was good", model.initialState());
    Reading first = inference.read("the food was good", model.initialState(), inference.memory());

    assertThat(without).usingRecursiveComparison().isEqualTo(first);
    assertThat(first.lookBack().nothing()).isEqualTo(1f);
  }

  @Test
  void shouldGiveTheSameSentimentWithoutTheLanguageModel() {
    Model model = TinyModel.looking(THREE, FORTY, 7).model();
    Inference with = new Inference(model, 100, 5, true);
    Inference without = new Inference(model, 100, 5, false);
    HiddenState state = model.initialState();
    HiddenState otherState = model.initialState();
    Memory memory = with.memory();
    Memory other = without.memory();
    for (String text : TEXTS) {
      assertThat(without.read(text, otherState, other).probabilities())
          .containsExactly(with.read(text, state, memory).probabilities());
    }
  }

  @Test
  void shouldChangeTheFingerprintWithTheSettingsOfTheCache() {
    Model model = TinyModel.looking(THREE, FORTY, 7).model();
    Model other = model.withCache(new Cache(40, 1.5f, 0.2f));

    assertThat(model.withCache(FORTY)).isSameAs(model);
    assertThat(other.fingerprint()).matches("[0-9a-f]{12}").isNotEqualTo(model.fingerprint());
    assertThat(model.withCache(new Cache(40, 1.5f, 0.2f)).fingerprint())
        .isEqualTo(other.fingerprint());
  }

  private static Memory after(Model model, List<String> texts) {
    Inference inference = new Inference(model, 100, 0, true);
    Memory memory = inference.memory();
    HiddenState state = model.initialState();
    texts.forEach(text -> inference.read(text, state, memory));
    return memory;
  }

  private static double[] weights(TinyModel tiny, double[] h, List<double[]> past) {
    ModelConfig config = tiny.config();
    double[] q = product(tiny, "attention.query.weight", h);
    double[] scores = new double[1 + past.size()];
    scores[0] = tiny.parameters().values()[tiny.parameters().offset("attention.null")];
    for (int r = 0; r < past.size(); r++) {
      double[] k = product(tiny, "attention.key.weight", past.get(r));
      for (int i = 0; i < k.length; i++) {
        scores[1 + r] += q[i] * k[i] / Math.sqrt(config.attention().size());
      }
    }
    double sum = Arrays.stream(scores).map(Math::exp).sum();
    return Arrays.stream(scores).map(s -> Math.exp(s) / sum).toArray();
  }

  private static double[] product(TinyModel tiny, String name, double[] x) {
    float[] w = tiny.parameters().copy(name);
    double[] y = new double[w.length / x.length];
    for (int i = 0; i < w.length; i++) {
      y[i / x.length] += w[i] * x[i % x.length];
    }
    return y;
  }

  private static double[] doubles(float[] values) {
    return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
  }

  private static double[] halves(float[] h) {
    return IntStream.range(0, h.length)
        .mapToDouble(u -> Float16.toFloat(Float16.fromFloat(h[u])))
        .toArray();
  }

  /** The cache as a plain list of pairs, and the mixture in doubles. */
  private static final class Reference {
    private final Model model;
    private final HiddenState state;
    private final NextTokenHead.Scratch scratch;
    private final List<double[]> h = new ArrayList<>();
    private final List<Integer> tokens = new ArrayList<>();

    Reference(Model model) {
      this.model = model;
      state = model.initialState();
      scratch = model.network().nextToken().scratch(1);
    }

    void read(int token) {
      h.add(halves(state.top()));
      tokens.add(token);
      if (tokens.size() > model.config().cache().tokens()) {
        h.remove(0);
        tokens.remove(0);
      }
      model.network().step(token, state, model.network().scratch());
    }

    int token(int pair) {
      return tokens.get(pair);
    }

    double[] weights() {
      double[] weights = new double[tokens.size()];
      for (int i = 0; i < weights.length; i++) {
        double dot = 0;
        for (int u = 0; u < 13; u++) {
          dot += state.top()[u] * h.get(i)[u];
        }
        weights[i] = Math.exp(model.config().cache().theta() * dot);
      }
      double sum = Arrays.stream(weights).sum();
      return Arrays.stream(weights).map(w -> w / sum).toArray();
    }

    double[] probabilities() {
      System.arraycopy(state.top(), 0, scratch.h(), 0, 13);
      model.network().nextToken().expect(1, scratch);
      float[] ofModel = new float[model.config().vocabSize()];
      model.network().nextToken().probabilities(0, ofModel, scratch);
      if (tokens.isEmpty()) {
        return doubles(ofModel);
      }
      double lambda = model.config().cache().lambda();
      double[] p = new double[ofModel.length];
      for (int id = 0; id < p.length; id++) {
        p[id] = (1 - lambda) * ofModel[id];
      }
      double[] weights = weights();
      for (int i = 0; i < weights.length; i++) {
        p[tokens.get(i)] += lambda * weights[i];
      }
      return p;
    }
  }
}
