package io.undercurrent.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.ReferenceNetwork;
import io.undercurrent.model.TinyModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class InferenceTest {

  private static final int MAX_TOKENS = 100;
  private static final TinyModel TINY = TinyModel.of(9, 13, 2, Pooling.CONCAT, 11);
  private static final Model MODEL = TINY.model();

  /**
   * The error of float products, gates and exponentials is about 1e-7 each, over up to 60 steps.
   */
  private static final Offset<Double> FLOAT = within(2e-5);

  private final Inference inference = new Inference(MODEL, MAX_TOKENS, 5, true);

  @Test
  void shouldReachTheSameStateAsSingleSteps() {
    HiddenState read = MODEL.initialState();
    HiddenState stepped = MODEL.initialState();
    for (String text : List.of("the food was good", "not bad", TinyModel.text(60, 1))) {
      inference.read(text, read);

      step(stepped, text);
      MODEL.network().step(endOfRecord(), stepped, MODEL.network().scratch());
      assertThat(read).as("after %s", text).isEqualTo(stepped);
    }
  }

  @Test
  void shouldReadSeveralRecordsAsOneStreamOfTokens() {
    // The reference reads all records as one stream, with an end of record between them.
    String[] records = {"the food was good", "but the service", "not very good and not here"};
    HiddenState state = MODEL.initialState();
    ReferenceNetwork reference = TINY.reference();
    reference.step(endOfRecord());
    for (String record : records) {
      Reading reading = inference.read(record, state);

      double bits = bits(reference, ids(record));
      reference.step(endOfRecord());
      assertThat(reading.surpriseBits()).as(record).isCloseTo(bits, FLOAT);
      for (int l = 0; l < 2; l++) {
        for (int u = 0; u < 13; u++) {
          assertThat((double) state.h()[l][u]).isCloseTo(reference.h[l][u], FLOAT);
          assertThat((double) state.c()[l][u]).isCloseTo(reference.c[l][u], FLOAT);
        }
      }
    }
  }

  @Test
  void shouldClassifyARecordDependingOnEarlierOnes() {
    HiddenState state = MODEL.initialState();
    Reading first = inference.read("not good", state);
    Reading second = inference.read("not good", state);
    assertThat(second.probabilities()).isNotEqualTo(first.probabilities());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "\t \r\n\n "})
  void shouldKeepTheStateAfterATextWithoutTokens(String text) {
    HiddenState state = MODEL.initialState();
    inference.read("the food", state);
    HiddenState before = state.copy();

    Reading reading = inference.read(text, state);

    assertThat(state).isEqualTo(before);
    assertThat(reading.tokens()).isZero();
    assertThat(reading.unknown()).isZero();
    assertThat(reading.truncated()).isFalse();
    assertThat(reading.probabilities()).isNull();
    assertThat(reading.surpriseBits()).isNaN();
    assertThat(reading.next()).isEmpty();
    assertThat(reading.hit()).isEqualTo(Hit.NONE);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 23, 24, 25, 48, 60})
  void shouldMeasureTheSameSurpriseWhereverBlocksEnd(int tokens) {
    String text = TinyModel.text(tokens, tokens);
    assertThat(ids(text)).hasSize(tokens);
    ReferenceNetwork reference = TINY.reference();
    reference.step(endOfRecord());

    Reading reading = inference.read(text, MODEL.initialState());

    assertThat(reading.tokens()).isEqualTo(tokens);
    assertThat(reading.end()).isEqualTo(text.length());
    assertThat(reading.truncated()).isFalse();
    assertThat(reading.surpriseBits()).isCloseTo(bits(reference, ids(text)), FLOAT);
  }

  @Test
  void shouldReadOnlyTheFirstTokensUpToTheLimit() {
    String text = TinyModel.text(30, 2);
    for (int maxTokens : new int[] {1, 5, 23, 24, 25, 29}) {
      String head = String.join(" ", List.of(text.split(" ")).subList(0, maxTokens));
      HiddenState cut = MODEL.initialState();
      HiddenState whole = MODEL.initialState();

      Reading reading = new Inference(MODEL, maxTokens, 5, true).read(text, cut);

      Reading expected = inference.read(head, whole);
      assertThat(reading.tokens()).isEqualTo(maxTokens);
      assertThat(reading.truncated()).isTrue();
      assertThat(text.substring(0, reading.end()).strip()).isEqualTo(head);
      assertThat(cut).isEqualTo(whole);
      assertSame(reading, expected);
    }
    assertThat(new Inference(MODEL, 30, 5, true).read(text, MODEL.initialState()).truncated())
        .isFalse();
  }

  @Test
  void shouldCountUnknownWords() {
    Reading reading = inference.read("the quokka was grumpy", MODEL.initialState());
    assertThat(reading.unknown()).isEqualTo(2);
    assertThat(reading.tokens()).isEqualTo(4);
  }

  @Test
  void shouldAddTheSpellingOfUnknownWordsToTheirClass() {
    TinyModel tiny = TinyModel.of(5, 9, 2, Pooling.CONCAT, 1);
    Model model = tiny.spelling();
    String text = "the quokka was grumpy";
    HiddenState state = model.initialState();
    HiddenState same = model.initialState();

    Reading reading = new Inference(model, MAX_TOKENS, 5, true).read(text, state);
    Reading without = new Inference(tiny.model(), MAX_TOKENS, 5, true).read(text, same);

    double spelling = model.tokenizer().encode(text, MAX_TOKENS).spellingBits() / 4;
    assertThat(spelling).isGreaterThan(5);
    assertThat(reading.spellingBits()).isEqualTo(spelling);
    assertThat(reading.surpriseBits()).isEqualTo(without.surpriseBits() + spelling);
    assertThat(without.spellingBits()).isZero();
    assertThat(reading.unknown()).isEqualTo(2);
    assertThat(reading.next()).containsExactly(without.next());
    assertThat(state).isEqualTo(same);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 11, 50})
  void shouldExpectTheLikeliestWordsInOrder(int k) {
    String text = "the food was not";
    HiddenState before = MODEL.initialState();
    step(before, text);
    MODEL.network().step(endOfRecord(), before, MODEL.network().scratch());
    NextTokenHead.Scratch scratch = MODEL.network().nextToken().scratch(1);
    System.arraycopy(before.top(), 0, scratch.h(), 0, before.top().length);
    MODEL.network().nextToken().expect(1, scratch);
    float[] probabilities = new float[MODEL.config().vocabSize()]; // of all tokens, markers too
    MODEL.network().nextToken().probabilities(0, probabilities, scratch);
    List<Integer> expected =
        IntStream.range(0, probabilities.length)
            .filter(MODEL.tokenizer()::isWord)
            .boxed()
            .sorted(Comparator.comparing((Integer id) -> -probabilities[id]))
            .limit(k)
            .toList();

    NextToken[] next =
        new Inference(MODEL, MAX_TOKENS, k, true).read(text, MODEL.initialState()).next();

    assertThat(next).extracting(NextToken::id).containsExactlyElementsOf(expected);
    for (NextToken token : next) {
      assertThat(token.probability()).isEqualTo(probabilities[token.id()]);
    }
    assertThat(next.length).isEqualTo(Math.min(k, TinyModel.WORDS.size()));
  }

  @Test
  void shouldOrderWordsOfEqualProbabilityByTheirId() {
    TinyModel flat = TinyModel.of(2, 3, 1, Pooling.LAST, 1);
    int from = flat.parameters().offset("next_token.weight");
    Arrays.fill(flat.parameters().values(), from, flat.parameters().values().length, 0f);
    int first = flat.tokenizer().size() - TinyModel.WORDS.size();

    Reading reading =
        new Inference(flat.model(), MAX_TOKENS, 3, true)
            .read("the food", flat.model().initialState());

    assertThat(reading.next())
        .extracting(NextToken::id)
        .containsExactly(first, first + 1, first + 2);
    double log2 = Math.log(flat.tokenizer().size()) / Math.log(2);
    assertThat(reading.surpriseBits()).isCloseTo(log2, within(1e-6));
  }

  @Test
  void shouldDivideTheSentimentLogitsByTheTemperature() {
    TinyModel tiny = TinyModel.of(4, 6, 1, Pooling.CONCAT, 3);
    TinyModel twice =
        new TinyModel(tiny.config().withTemperature(2), tiny.tokenizer(), tiny.parameters());
    String text = "the service here was not very good";

    float[] p = read(tiny, text).probabilities();
    Reading divided = read(twice, text);

    double sum = Math.sqrt(p[0]) + Math.sqrt(p[1]) + Math.sqrt(p[2]);
    for (int k = 0; k < 3; k++) {
      assertThat((double) divided.probabilities()[k]).isCloseTo(Math.sqrt(p[k]) / sum, FLOAT);
    }
    assertThat(divided.label()).isEqualTo(read(tiny, text).label());
    assertThat(divided.surpriseBits()).isEqualTo(read(tiny, text).surpriseBits());
  }

  private static Reading read(TinyModel tiny, String text) {
    Model model = tiny.model();
    return new Inference(model, MAX_TOKENS, 0, true).read(text, model.initialState());
  }

  @ParameterizedTest
  @EnumSource(Pooling.class)
  void shouldApplyTheSentimentHeadToThePooledStates(Pooling pooling) {
    TinyModel tiny = TinyModel.of(4, 6, 1, pooling, 3);
    Model model = tiny.model();
    String text = "the service here was not very good";
    ReferenceNetwork reference = tiny.reference();
    reference.step(endOfRecord());
    int[] ids = ids(text);
    double[] features = new double[6 * pooling.parts()];
    for (int u = 0; pooling == Pooling.CONCAT && u < 6; u++) {
      features[6 + u] = Double.NEGATIVE_INFINITY;
    }
    for (int id : ids) {
      reference.step(id);
      for (int u = 0; u < 6; u++) {
        double h = reference.top()[u];
        features[u] = h;
        if (pooling == Pooling.CONCAT) {
          features[6 + u] = Math.max(features[6 + u], h);
          features[12 + u] += h / ids.length;
        }
      }
    }
    double[] expected = ReferenceNetwork.softmax(reference.logits("sentiment", features, 3));

    Reading reading = new Inference(model, MAX_TOKENS, 0, false).read(text, model.initialState());

    int likeliest = 0;
    for (int k = 0; k < 3; k++) {
      assertThat((double) reading.probabilities()[k]).isCloseTo(expected[k], FLOAT);
      likeliest = expected[k] > expected[likeliest] ? k : likeliest;
    }
    assertThat(reading.label()).isEqualTo(likeliest);
    assertThat((double) reading.score(Labels.SENTIMENT))
        .isCloseTo(expected[2] - expected[0], FLOAT);
  }

  @Test
  void shouldGiveTheSameBitsEveryTime() {
    Inference other = new Inference(MODEL, MAX_TOKENS, 5, true);
    other.read(
        TinyModel.text(40, 9),
        MODEL.initialState()); // an earlier record must not influence a later one
    HiddenState state = MODEL.initialState();
    HiddenState otherState = MODEL.initialState();
    for (int i = 0; i < 5; i++) {
      String text = TinyModel.text(7 * i + 1, i);
      assertSame(other.read(text, otherState), inference.read(text, state));
      assertThat(otherState).isEqualTo(state);
    }
  }

  @Test
  void shouldGiveTheSameSentimentWithoutTheLanguageModel() {
    Inference without = new Inference(MODEL, MAX_TOKENS, 5, false);
    HiddenState state = MODEL.initialState();
    HiddenState stateWithout = MODEL.initialState();
    for (int i = 0; i < 5; i++) {
      String text = TinyModel.text(7 * i + 1, i);
      Reading reading = inference.read(text, state);
      Reading readingWithout = without.read(text, stateWithout);

      assertThat(readingWithout.probabilities()).containsExactly(reading.probabilities());
      assertThat(readingWithout.surpriseBits()).isNaN();
      assertThat(readingWithout.next()).isEmpty();
      assertThat(readingWithout.endProbability()).isNaN();
      assertThat(stateWithout).isEqualTo(state);
    }
  }

  /** Notes what an observer was told of one record. */
  private static final class Notes implements Observer {
    private static final boolean[] ALL = all();

    private final List<float[]> felt = new ArrayList<>();
    private final List<Integer> tokens = new ArrayList<>();
    private final List<Double> logProbabilities = new ArrayList<>();
    private final List<NextToken[]> rankings = new ArrayList<>();

    private static boolean[] all() {
      boolean[] all = new boolean[MODEL.config().vocabSize()];
      Arrays.fill(all, true);
      return all;
    }

    @Override
    public void onSentiment(int position, float[] probabilities) {
      assertThat(position).isEqualTo(felt.size());
      felt.add(probabilities);
    }

    @Override
    public void onToken(int token, double logProbability, Ranking ranking) {
      tokens.add(token);
      logProbabilities.add(logProbability);
      rankings.add(ranking.top(ALL, ALL.length));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 23, 24, 47})
  void shouldReportSentimentAndPredictionOfEachTokenToAnObserver(int tokens) {
    String text = TinyModel.text(tokens, tokens);
    Notes notes = new Notes();
    HiddenState state = MODEL.initialState();
    HiddenState unseenState = MODEL.initialState();

    Reading reading = new Inference(MODEL, MAX_TOKENS, 5, true, notes).read(text, state);

    assertSame(reading, inference.read(text, unseenState)); // an observer changes nothing
    assertThat(state).isEqualTo(unseenState);
    assertThat(notes.felt).hasSize(tokens);
    for (int n = 1; n <= tokens; n++) {
      Reading head = new Inference(MODEL, n, 0, false).read(text, MODEL.initialState());
      assertThat(notes.felt.get(n - 1)).as("after %d", n).containsExactly(head.probabilities());
    }
    List<Integer> stream = new ArrayList<>(Arrays.stream(ids(text)).boxed().toList());
    stream.add(endOfRecord());
    assertThat(notes.tokens).isEqualTo(stream);
    ReferenceNetwork reference = TINY.reference();
    reference.step(endOfRecord());
    for (int i = 0; i <= tokens; i++) {
      double[] expected = reference.nextToken();
      int token = stream.get(i);
      assertThat(notes.logProbabilities.get(i)).isCloseTo(Math.log(expected[token]), FLOAT);
      for (NextToken ranked : notes.rankings.get(i)) {
        assertThat((double) ranked.probability()).isCloseTo(expected[ranked.id()], FLOAT);
      }
      assertThat(notes.rankings.get(i))
          .hasSize(expected.length)
          .isSortedAccordingTo(Comparator.comparing((NextToken t) -> -t.probability()));
      reference.step(token);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 8})
  void shouldReportWhetherTheCheckedWordWasAmongTheLikeliest(int k) {
    boolean[] words = MODEL.words();
    int hits = 0;
    int misses = 0;
    HiddenState state = MODEL.initialState();
    HiddenState unseenState = MODEL.initialState();
    for (int i = 0; i < 60; i++) {
      String text = "quokka " + TinyModel.text(1 + i, i) + " grumpy";
      List<NextToken[]> rankings = new ArrayList<>();
      Observer observer =
          new Observer() {
            @Override
            public void onSentiment(int position, float[] probabilities) {}

            @Override
            public void onToken(int token, double logProbability, Ranking ranking) {
              rankings.add(ranking.top(words, k));
            }
          };
      Reading reading = new Inference(MODEL, MAX_TOKENS, k, true, observer).read(text, state);
      Reading unseen = new Inference(MODEL, MAX_TOKENS, k, true).read(text, unseenState);

      int[] ids = ids(text);
      int checked = Reading.checkedPosition(ids, words);
      assertThat(words[ids[checked]]).isTrue();
      boolean expected =
          Arrays.stream(rankings.get(checked)).anyMatch(likely -> likely.id() == ids[checked]);
      assertThat(reading.hit()).as(text).isEqualTo(expected ? Hit.HIT : Hit.MISS);
      assertThat(unseen.hit()).isEqualTo(reading.hit());
      hits += expected ? 1 : 0;
      misses += expected ? 0 : 1;
    }
    assertThat(hits).isPositive();
    assertThat(misses).isPositive();
  }

  @Test
  void shouldCheckNoWordIfThereIsNoneOrNoNextTokensAreWanted() {
    HiddenState state = MODEL.initialState();
    assertThat(inference.read("quokka grumpy", state).hit()).isEqualTo(Hit.NONE);
    assertThat(inference.read("quokka grumpy food", state).hit()).isNotEqualTo(Hit.NONE);
    for (boolean languageModel : new boolean[] {true, false}) {
      int next = languageModel ? 0 : 5;
      Inference without = new Inference(MODEL, MAX_TOKENS, next, languageModel);
      assertThat(without.read("the food was good", state).hit()).isEqualTo(Hit.NONE);
    }
  }

  /** Every word of a record can be chosen, so the share of hits does not depend on positions. */
  @Test
  void shouldChooseEveryWordOfARecordSometimes() {
    boolean[] words = {false, true, true, false};
    boolean[] chosen = new boolean[6];
    for (int i = 0; i < 64; i++) {
      int[] ids = {0, 1 + i % 2, 3, 1 + i / 2 % 2, 1 + i / 4 % 2, 3};
      ids[0] = i % 3 == 0 ? 3 : 0;
      chosen[Reading.checkedPosition(ids, words)] = true;
    }
    assertThat(chosen).containsExactly(false, true, false, true, true, false);
    assertThat(Reading.checkedPosition(new int[] {0, 3}, words)).isEqualTo(-1);
  }

  @Test
  void shouldReportNoPredictionsWithoutTheLanguageModel() {
    Notes notes = new Notes();
    new Inference(MODEL, MAX_TOKENS, 0, false, notes).read("not good", MODEL.initialState());
    assertThat(notes.felt).hasSize(2);
    assertThat(notes.tokens).isEmpty();
  }

  private static void assertSame(Reading found, Reading expected) {
    assertThat(found.probabilities()).containsExactly(expected.probabilities());
    assertThat(found.surpriseBits()).isEqualTo(expected.surpriseBits());
    assertThat(found.next()).containsExactly(expected.next());
    assertThat(found.endProbability()).isEqualTo(expected.endProbability());
    assertThat(found.hit()).isEqualTo(expected.hit());
  }

  private static void step(HiddenState state, String text) {
    Network.Scratch scratch = MODEL.network().scratch();
    for (int id : ids(text)) {
      MODEL.network().step(id, state, scratch);
    }
  }

  private static double bits(ReferenceNetwork reference, int[] ids) {
    double bits = 0;
    for (int id : ids) {
      bits -= Math.log(reference.nextToken()[id]) / Math.log(2);
      reference.step(id);
    }
    return bits / ids.length;
  }

  private static int[] ids(String text) {
    return MODEL.tokenizer().encode(text, MAX_TOKENS).ids();
  }

  private static int endOfRecord() {
    return MODEL.tokenizer().endOfRecord();
  }
}
