package io.undercurrent.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.LetterModel;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.model.CellType;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.StatePrecision;
import io.undercurrent.query.internals.ConversationTrace;
import io.undercurrent.streams.internals.KeyStateFormat;
import io.undercurrent.streams.internals.StateFormatException;
import io.undercurrent.streams.internals.StoredEnrichment;
import io.undercurrent.streams.internals.StoredEnrichment.Outcome;
import io.undercurrent.streams.internals.StoredEnrichment.Start;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnrichmentTest {

  private static final byte[] KEY = "order-1187".getBytes(StandardCharsets.UTF_8);

  private final Model model = LetterModel.of(1);
  private final KeyStateFormat format = new KeyStateFormat(model);
  private final StoredEnrichment enrichment =
      new StoredEnrichment(model, EnrichmentSettings.DEFAULTS);

  @Test
  void shouldEqualReadingTheRecordsAsOneSequence() {
    Inference inference = new Inference(model, 512, 5, true);
    HiddenState hidden = model.initialState();
    byte[] state = null;
    for (String text : List.of("a b c", "d", "e f zz h", "a b c")) {
      Reading reading = inference.read(text, hidden);
      Outcome outcome = enrich(state, text);
      state = outcome.state();

      EnrichedRecord enriched = outcome.enriched();
      assertThat(format.deserialize(state).orElseThrow().hidden()).isEqualTo(hidden);
      assertThat(enriched.sentiment().score()).isEqualTo(reading.score(model.config().labels()));
      assertThat(enriched.sentiment().probabilities().get("neutral"))
          .isEqualTo(reading.probabilities()[1]);
      assertThat(enriched.sentiment().label())
          .isEqualTo(model.config().labels().name(reading.label()));
      assertThat(enriched.surprise().bitsPerToken()).isEqualTo(reading.surpriseBits());
      assertThat(enriched.surprise().unknown()).isEqualTo(reading.unknown());
      assertThat(enriched.endProbability()).isEqualTo(reading.endProbability());
      assertThat(enriched.next()).hasSize(5);
      assertThat(enriched.next().get(0).probability()).isEqualTo(reading.next()[0].probability());
    }
    KeyState last = format.deserialize(state).orElseThrow();
    assertThat(last.records()).isEqualTo(4);
    assertThat(last.tokens()).isEqualTo(11);
  }

  @ParameterizedTest
  @CsvSource({"a b c zz zz, true", "a b c d zz zz, false", "zz, true", "a, false"})
  void shouldSayThatTheSentimentOfMostlyUnknownTextIsUncertain(String text, boolean uncertain) {
    assertThat(enrich(null, text).enriched().sentiment().uncertain()).isEqualTo(uncertain);
  }

  @Test
  void shouldDependOnTheKeysEarlierRecords() {
    byte[] a = enrich(null, "a b c").state();
    byte[] b = enrich(null, "x y z").state();

    assertThat(enrich(a, "d").enriched().sentiment())
        .isNotEqualTo(enrich(b, "d").enriched().sentiment());
  }

  @Test
  void shouldGiveTheSameBytesForTheSameArguments() {
    byte[] state = enrich(null, "a b c").state();
    Outcome once = enrich(state, "d e");
    enrich(null, "something else in between");
    Outcome twice =
        new StoredEnrichment(model, EnrichmentSettings.DEFAULTS)
            .enrich(state, KEY, "d e", 7L, null);

    assertThat(twice.state()).isEqualTo(once.state());
    assertThat(EnrichedRecordJson.toJson(twice.enriched()))
        .isEqualTo(EnrichedRecordJson.toJson(once.enriched()));
  }

  @Test
  void shouldNotWriteToTheStoredBytes() {
    byte[] state = enrich(null, "a b c").state();
    byte[] before = state.clone();

    enrich(state, "d e f");

    assertThat(state).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "      "})
  void shouldKeepTheHiddenStateAfterAnEmptyTextAndAdvanceTheRest(String text) {
    byte[] state = enrich(null, "a b c").state();
    KeyState before = format.deserialize(state).orElseThrow();

    Outcome outcome = enrichment.enrich(state, KEY, text, 99L, null);

    KeyState after = format.deserialize(outcome.state()).orElseThrow();
    assertThat(after.hidden()).isEqualTo(before.hidden());
    assertThat(after.conversationScore()).isEqualTo(before.conversationScore());
    assertThat(after.records()).isEqualTo(2);
    assertThat(after.tokens()).isEqualTo(3);
    assertThat(after.lastTimestampMs()).isEqualTo(99);
    assertThat(outcome.enriched().sentiment()).isNull();
    assertThat(outcome.enriched().surprise()).isNull();
    assertThat(outcome.enriched().next()).isEmpty();
    assertThat(outcome.enriched().endProbability()).isNull();
    assertThat(outcome.enriched().text()).isEqualTo(text);
  }

  @Test
  void shouldHaveNoConversationScoreBeforeTheFirstToken() {
    Outcome empty = enrich(null, "");
    assertThat(empty.enriched().conversation().score()).isNull();
    assertThat(empty.start()).isEqualTo(Start.FRESH);

    Outcome first = enrich(empty.state(), "a b");
    assertThat(first.start()).isEqualTo(Start.CARRIED);
    assertThat(first.enriched().conversation().score())
        .isEqualTo(first.enriched().sentiment().score());
  }

  @Test
  void shouldHalveTheWeightOfTokensAfterAHalfLife() {
    EnrichmentSettings settings = EnrichmentSettings.DEFAULTS.withHalfLifeTokens(3);
    StoredEnrichment enrichment = new StoredEnrichment(model, settings);
    Outcome first = enrichment.enrich(null, KEY, "a e f g", null, null);
    Outcome second = enrichment.enrich(first.state(), KEY, "b c d", null, null);

    double mean =
        (first.enriched().sentiment().score() + second.enriched().sentiment().score()) / 2;
    assertThat(second.enriched().conversation().score()).isCloseTo(mean, within(1e-15));
  }

  @Test
  void shouldCutALongTextAtTheLimitOfTokens() {
    EnrichmentSettings settings = EnrichmentSettings.DEFAULTS.withMaxTokens(3);
    StoredEnrichment short3 = new StoredEnrichment(model, settings);

    EnrichedRecord cut = short3.enrich(null, KEY, "a b c d e", null, null).enriched();
    EnrichedRecord whole = short3.enrich(null, KEY, "a b c ", null, null).enriched();

    assertThat(cut.text()).isEqualTo("a b c ");
    assertThat(cut.truncated()).isTrue();
    assertThat(cut.surprise().tokens()).isEqualTo(3);
    assertThat(whole.truncated()).isFalse();
    assertThat(cut.sentiment()).isEqualTo(whole.sentiment());
  }

  @Test
  void shouldStartFromAFreshStateIfAnotherModelMadeTheStoredOne() {
    Outcome foreign =
        new StoredEnrichment(LetterModel.of(2), EnrichmentSettings.DEFAULTS)
            .enrich(null, KEY, "a b c", null, null);

    Outcome outcome = enrich(foreign.state(), "d");

    assertThat(outcome.start()).isEqualTo(Start.FOREIGN);
    assertThat(outcome.state()).isEqualTo(enrich(null, "d").state());
  }

  @Test
  void shouldRefuseStoredBytesThatAreNotAState() {
    byte[] state = enrich(null, "a").state();

    assertThatThrownBy(() -> enrich(Arrays.copyOf(state, 60), "b"))
        .isInstanceOf(StateFormatException.class);
  }

  @Test
  void shouldReadLoneSurrogatesAsReplacementCharacters() {
    assertThat(enrich(null, "a \ud83d b").enriched().text()).isEqualTo("a \ufffd b");
  }

  @Test
  void shouldListNoNextTokensIfNoneAreWanted() {
    StoredEnrichment none =
        new StoredEnrichment(model, EnrichmentSettings.DEFAULTS.withNextTokens(0));

    assertThat(none.enrich(null, KEY, "a b", null, null).enriched().next()).isEmpty();
  }

  /**
   * Reading a key's records in one go gives the same states as storing and loading the state
   * between them.
   */
  @ParameterizedTest
  @EnumSource(CellType.class)
  void shouldContinueFromStoredBytesInEitherPrecision(CellType kind) {
    for (StatePrecision precision : StatePrecision.values()) {
      Model model =
          LetterModel.of(kind, kind == CellType.FFNN ? 3 : 1, 5).withStatePrecision(precision);
      StoredEnrichment enrichment = new StoredEnrichment(model, EnrichmentSettings.DEFAULTS);
      KeyStateFormat format = new KeyStateFormat(model);
      Inference inference = new Inference(model, 512, 5, true);
      ConversationTrace trace = new ConversationTrace(model, EnrichmentSettings.DEFAULTS);
      HiddenState hidden = model.initialState();
      byte[] state = null;
      for (String text : List.of("", "a b c", " ", "d", "e f zz h", "a b c")) {
        Outcome outcome = enrichment.enrich(state, KEY, text, 7L, null);
        state = outcome.state();
        Reading reading = inference.read(text, hidden);

        assertThat(format.deserialize(state).orElseThrow().hidden()).isEqualTo(hidden);
        if (reading.tokens() > 0) {
          assertThat(outcome.enriched().surprise().bitsPerToken())
              .isEqualTo(reading.surpriseBits());
        }
        assertThat(trace.read(outcome.enriched()).exact()).isTrue();
      }
    }
  }

  @Test
  void shouldDifferOnlySlightlyBetweenPrecisions() {
    byte[] half = null;
    byte[] full = null;
    StoredEnrichment inHalf =
        new StoredEnrichment(
            model.withStatePrecision(StatePrecision.FP16), EnrichmentSettings.DEFAULTS);
    StoredEnrichment inFull =
        new StoredEnrichment(
            model.withStatePrecision(StatePrecision.FP32), EnrichmentSettings.DEFAULTS);
    double max = 0;
    for (int i = 0; i < 200; i++) {
      String text = "a b " + (char) ('a' + i % 26);
      Outcome a = inHalf.enrich(half, KEY, text, 7L, null);
      Outcome b = inFull.enrich(full, KEY, text, 7L, null);
      half = a.state();
      full = b.state();
      double difference =
          Math.abs(a.enriched().sentiment().score() - b.enriched().sentiment().score());
      if (i == 0) {
        assertThat(difference).isZero(); // no state has been stored yet
      }
      max = Math.max(max, difference);
    }
    assertThat(max).isPositive().isLessThan(0.01); // rounding changes h by at most 2^-12
  }

  /**
   * A key's state changes to the model's precision with the key's next record, and loses nothing
   * else.
   */
  @Test
  void shouldContinueFromAStateOfTheOtherPrecision() {
    Model half = model.withStatePrecision(StatePrecision.FP16);
    Model full = model.withStatePrecision(StatePrecision.FP32);
    byte[] stored =
        new StoredEnrichment(full, EnrichmentSettings.DEFAULTS)
            .enrich(null, KEY, "a b c", 7L, null)
            .state();

    Outcome after =
        new StoredEnrichment(half, EnrichmentSettings.DEFAULTS).enrich(stored, KEY, "d", 7L, null);

    assertThat(after.start()).isEqualTo(Start.CARRIED);
    assertThat(after.state()).hasSize(new KeyStateFormat(half).sizeInBytes());
    Outcome inFull =
        new StoredEnrichment(full, EnrichmentSettings.DEFAULTS).enrich(stored, KEY, "d", 7L, null);
    assertThat(beforeNext(after)) // the state was read with all of its bits
        .contains("\"endProbability\":")
        .isEqualTo(beforeNext(inFull));
    assertThat(after.enriched().surprise()).isEqualTo(inFull.enriched().surprise());
    assertThat(after.enriched().next()) // read after the state was rounded
        .isNotEqualTo(inFull.enriched().next());

    Outcome back =
        new StoredEnrichment(full, EnrichmentSettings.DEFAULTS)
            .enrich(after.state(), KEY, "e", 7L, null);
    assertThat(back.start()).isEqualTo(Start.CARRIED);
    assertThat(back.state()).hasSize(new KeyStateFormat(full).sizeInBytes());
    assertThat(back.enriched().conversation().records()).isEqualTo(3);
  }

  private static String beforeNext(Outcome outcome) {
    String json = new String(EnrichedRecordJson.toJson(outcome.enriched()), StandardCharsets.UTF_8);
    return json.substring(0, json.indexOf("\"next\":"));
  }

  private Outcome enrich(byte[] state, String text) {
    return enrichment.enrich(state, KEY, text, 7L, null);
  }
}
