package io.undercurrent.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.ByteModel;
import io.undercurrent.LetterModel;
import io.undercurrent.inference.Generator.Continuation;
import io.undercurrent.model.CellType;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.TinyModel;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class GeneratorTest {

  private static final Sampling GREEDY = new Sampling(0, 0, 1);
  private static final Sampling ALL = new Sampling(1.5, 0, 1);

  private final Model model = LetterModel.of(1);
  private final Generator generator = new Generator(model);

  @Test
  void shouldWriteTheLikeliestTokensStepByStepAtTemperatureZero() {
    HiddenState state = model.initialState();
    Continuation written = write("a b c", state, GREEDY, 20, 1, 1);

    HiddenState expected = model.initialState();
    Network network = model.network();
    Network.Scratch scratch = network.scratch();
    for (int id : model.tokenizer().encode("a b c", 9).ids()) {
      network.step(id, expected, scratch);
    }
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < written.tokens(); i++) {
      int id = likeliest(network, expected);
      text.append(' ').append(model.tokenizer().token(id));
      network.step(id, expected, scratch);
    }
    assertThat(written.tokens()).isPositive();
    assertThat(written.records()).containsExactly(text.toString());
    if (written.ended()) {
      network.step(model.tokenizer().endOfRecord(), expected, scratch);
    }
    assertThat(state).isEqualTo(expected);
  }

  private static int likeliest(Network network, HiddenState state) {
    NextTokenHead head = network.nextToken();
    NextTokenHead.Scratch scratch = head.scratch(1);
    System.arraycopy(state.top(), 0, scratch.h(), 0, state.top().length);
    head.expect(1, scratch);
    float[] p = new float[50];
    head.probabilities(0, p, scratch);
    int best = 0;
    for (int id = 2; id < p.length; id++) { // 1 is unknown
      best = p[id] > p[best] ? id : best;
    }
    return best;
  }

  @Test
  void shouldWriteTheSameTextForTheSameSeedAndAnotherTextForAnotherSeed() {
    Set<List<String>> texts = new HashSet<>();
    for (long seed = 0; seed < 5; seed++) {
      Continuation once = write("a", model.initialState(), ALL, 30, 1, seed);
      Continuation twice = write("a", model.initialState(), ALL, 30, 1, seed);
      assertThat(twice).isEqualTo(once);
      texts.add(once.records());
    }
    assertThat(texts).hasSize(5);
  }

  @Test
  void shouldNeverWriteUnknownWords() {
    List<String> words = new ArrayList<>();
    for (long seed = 0; seed < 200; seed++) {
      Continuation written =
          write("zz", model.initialState(), new Sampling(100, 0, 1), 40, 1, seed);
      words.addAll(List.of(written.records().get(0).strip().split(" ")));
    }
    assertThat(new HashSet<>(words)).hasSizeGreaterThan(45).doesNotContain("<unk>", "<eor>");
  }

  @Test
  void shouldStopAfterTheGivenNumberOfRecords() {
    Continuation one = write("a", model.initialState(), ALL, 10_000, 1, 3);
    Continuation three = write("a", model.initialState(), ALL, 10_000, 3, 3);

    assertThat(one.ended()).isTrue();
    assertThat(three.ended()).isTrue();
    assertThat(three.records()).hasSize(3).startsWith(one.records().get(0));
    assertThat(three.tokens()).isGreaterThanOrEqualTo(one.tokens());
    assertThat(three.records().subList(1, 3)).noneMatch(record -> record.startsWith(" "));
    // The next record depends on the one before.
    HiddenState read = model.initialState();
    new Inference(model, 10_000, 0, false).read("a" + one.records().get(0), read);
    HiddenState wrote = model.initialState();
    write("a", wrote, ALL, 10_000, 1, 3);
    assertThat(wrote).isEqualTo(read);
  }

  @Test
  void shouldSayWhetherTheLimitCutTheRecord() {
    Continuation whole = write("a", model.initialState(), ALL, 10_000, 1, 3);
    int length = whole.tokens();
    assertThat(length).isGreaterThan(1);

    assertThat(write("a", model.initialState(), ALL, length, 1, 3)).isEqualTo(whole);
    Continuation cut = write("a", model.initialState(), ALL, length - 1, 1, 3);
    assertThat(cut.ended()).isFalse();
    assertThat(cut.tokens()).isEqualTo(length - 1);
    assertThat(whole.records().get(0)).startsWith(cut.records().get(0));
  }

  @Test
  void shouldExpectTheNextWordsThatInferenceReports() {
    HiddenState state = model.initialState();
    Reading.NextToken[] next = new Inference(model, 9, 7, true).read("a b zz c", state).next();

    assertThat(generator.next(state, 7)).containsExactly(next);
    assertThat(generator.next(state, 1000)).hasSize(48);
  }

  @ParameterizedTest
  @EnumSource(CellType.class)
  void shouldWriteWithEveryKindOfNetwork(CellType kind) {
    int window = kind == CellType.FFNN ? 3 : 1;
    Model any = TinyModel.of(kind, window, 5, 9, 1, Pooling.LAST, 3).model();
    Generator ofAny = new Generator(any);
    HiddenState after = any.initialState();
    Reading.NextToken[] next = new Inference(any, 9, 4, true).read("the food was", after).next();
    assertThat(ofAny.next(after, 4)).containsExactly(next);

    HiddenState state = any.initialState();
    Generator.Prompt prompt = ofAny.read("the food was", state);
    Continuation written = ofAny.write(prompt, state.copy(), ALL, 50, 3, new SplittableRandom(1));
    assertThat(written).isEqualTo(ofAny.write(prompt, state, ALL, 50, 3, new SplittableRandom(1)));
    assertThat(written.tokens()).isPositive();
  }

  @Test
  void shouldNotRepeatTheSpaceAtTheEndOfAPrompt() {
    Continuation plain = write("a", model.initialState(), ALL, 10, 1, 3);
    Continuation spaced = write("a ", model.initialState(), ALL, 10, 1, 3);

    assertThat(plain.records().get(0)).isEqualTo(" " + spaced.records().get(0));
  }

  @Test
  void shouldWriteBytesAsTextAndKeepSpaces() {
    Model bytes = ByteModel.of(2);
    Generator ofBytes = new Generator(bytes);
    Set<Integer> firsts = new HashSet<>();
    for (long seed = 0; seed < 3000; seed++) {
      HiddenState state = bytes.initialState();
      Generator.Prompt prompt = ofBytes.read("é ", state);
      Continuation written =
          ofBytes.write(prompt, state, new Sampling(50, 0, 1), 3, 1, new SplittableRandom(seed));
      String text = written.records().get(0);
      if (!text.isEmpty()) {
        firsts.add(text.codePointAt(0));
      }
      assertThat(text.chars().noneMatch(c -> Character.isSurrogate((char) c))).isTrue();
    }
    assertThat(firsts).contains((int) ' ', (int) 'a', 0, 0xFFFD);
  }

  @Test
  void shouldRefusePromptsWithTooManyTokens() {
    assertThatThrownBy(() -> generator.read("a ".repeat(65_537), model.initialState()))
        .hasMessage("prompt must have <= 65536 tokens, found more");
  }

  private Continuation write(
      String prompt, HiddenState state, Sampling sampling, int tokens, int records, long seed) {
    Generator.Prompt read = generator.read(prompt, state);
    return generator.write(read, state, sampling, tokens, records, new SplittableRandom(seed));
  }
}
