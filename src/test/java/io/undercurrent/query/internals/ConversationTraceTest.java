package io.undercurrent.query.internals;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.LetterModel;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import io.undercurrent.query.internals.TracedRecord.Piece;
import io.undercurrent.streams.internals.OneByOne;
import io.undercurrent.text.Encoding;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConversationTraceTest {

  private static final EnrichmentSettings SETTINGS = EnrichmentSettings.DEFAULTS;
  private static final String[] TEXTS = {"a b c", "d zz  e", "", "f", "a b a b", " g "};

  private static final Model SHIPPED = Checkpoint.load(Checkpoint.DEFAULT);

  private final Model model = LetterModel.of(3);

  /** The enriched records of one key. */
  private static List<EnrichedRecord> enriched(
      Model model, EnrichmentSettings settings, String... texts) {
    OneByOne read = new OneByOne(model, settings);
    List<EnrichedRecord> records = new ArrayList<>();
    for (String text : texts) {
      String json = read.read("k".getBytes(UTF_8), text, null, null);
      if (json != null) {
        records.add(EnrichedRecordJson.fromJson(json.getBytes(UTF_8)));
      }
    }
    return records;
  }

  private static List<TracedRecord> traced(
      Model model, EnrichmentSettings settings, List<EnrichedRecord> records) {
    ConversationTrace trace = new ConversationTrace(model, settings);
    return records.stream().map(trace::read).toList();
  }

  private static String text(TracedRecord traced) {
    return traced.pieces().stream().map(Piece::text).collect(Collectors.joining());
  }

  private static double lastScore(TracedRecord traced) {
    return traced.pieces().get(traced.pieces().size() - 1).score();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldRepeatTheOriginalReading(boolean looking) {
    Model model = looking ? LetterModel.looking(3) : this.model;
    List<EnrichedRecord> records = enriched(model, SETTINGS, TEXTS);
    double score = 0;
    for (TracedRecord traced : traced(model, SETTINGS, records)) {
      EnrichedRecord record = traced.record();
      assertThat(traced.exact()).isTrue();
      assertThat(traced.before()).isEqualTo(score);
      if (record.surprise() == null) {
        assertThat(traced.pieces()).isEmpty();
        continue;
      }
      assertThat(text(traced)).isEqualTo(record.text());
      assertThat((float) lastScore(traced)).isEqualTo(record.sentiment().score().floatValue());
      assertThat(traced.pieces().stream().mapToDouble(Piece::bits).sum())
          .isCloseTo(
              record.surprise().bitsPerToken() * record.surprise().tokens(),
              within(1e-5)); // nine digits of a float, times some tokens
      score = lastScore(traced);
    }
  }

  @Test
  void shouldTraceAModelWhoseLabelsHaveNoScore() {
    Model intents = LetterModel.with(Labels.unscored(List.of("book", "cancel")), 3);
    List<EnrichedRecord> records = enriched(intents, SETTINGS, "a b c", "", "d");

    for (TracedRecord traced : traced(intents, SETTINGS, records)) {
      assertThat(traced.exact()).isTrue();
      assertThat(traced.before()).isNaN();
      assertThat(traced.pieces()).allSatisfy(piece -> assertThat(piece.score()).isNaN());
      assertThat(text(traced)).isEqualTo(traced.record().text());
    }
  }

  @Test
  void shouldAddTheSpellingToTheBitsOfAPiece() {
    Model spelling = TinyModel.of(9, 11, 1, Pooling.LAST, 9).spelling();
    List<EnrichedRecord> records = enriched(spelling, SETTINGS, "the quokka was bad");
    List<Piece> pieces = traced(spelling, SETTINGS, records).get(0).pieces();
    assertThat(pieces.stream().mapToDouble(Piece::bits).sum())
        .isCloseTo(records.get(0).surprise().bitsPerToken() * 4, within(1e-5));
    assertThat(pieces.get(1).bits()).isGreaterThan(-Math.log(pieces.get(1).probability()) + 20);
  }

  /** What a record expects next equals what is expected in place of the next record's first. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldListTheExpectedTokens(boolean looking) {
    Model model = looking ? LetterModel.looking(3) : this.model;
    List<TracedRecord> traced =
        traced(model, SETTINGS, enriched(model, SETTINGS, "a b", "c d", "e"));
    List<NextToken> next =
        enriched(model, SETTINGS, "a b").get(0).next().subList(0, ConversationTrace.EXPECTED);
    List<NextToken> expected = traced.get(1).pieces().get(0).expected();
    assertThat(expected)
        .extracting(NextToken::token)
        .isEqualTo(next.stream().map(NextToken::token).toList());
    for (int i = 0; i < next.size(); i++) {
      assertThat(expected.get(i).probability())
          .isCloseTo(next.get(i).probability(), within(1e-7)); // JSON has nine digits
    }
    for (TracedRecord record : traced) {
      for (Piece piece : record.pieces()) { // here each piece is one token
        assertThat(piece.probability()).isCloseTo(Math.pow(2, -piece.bits()), within(1e-12));
        piece.expected().stream()
            .filter(token -> token.token().equals(piece.text().strip()))
            .forEach(
                token ->
                    assertThat(token.probability()).isCloseTo(piece.probability(), within(1e-6)));
      }
    }
  }

  @Test
  void shouldNotBeExactIfEarlierRecordsAreMissing() {
    List<EnrichedRecord> records = enriched(model, SETTINGS, "a b c", "d e", "f", "g");
    ConversationTrace trace = new ConversationTrace(model, SETTINGS);
    TracedRecord third = trace.read(records.get(2));
    assertThat(third.exact()).isFalse();
    assertThat(third.before()).isZero();
    assertThat(text(third)).isEqualTo("f");
    assertThat(trace.records()).isEqualTo(3);
    assertThat(trace.read(records.get(3)).before()).isEqualTo(lastScore(third));
    assertThat(trace.read(records.get(0)).exact()).isTrue(); // read from the first record again
    assertThat(trace.read(records.get(1)).exact()).isTrue();
    assertThat(trace.read(records.get(3)).exact()).isFalse(); // the third was left out
  }

  @Test
  void shouldStartFromAnEmptyStateAfterATombstone() {
    List<EnrichedRecord> records = enriched(model, SETTINGS, "a b c", "d", null, "e", "f");
    List<TracedRecord> traced = traced(model, SETTINGS, records);
    assertThat(traced).extracting(TracedRecord::exact).containsOnly(true);
    assertThat(traced.get(2).before()).isZero();
    assertThat(traced.get(2).record().conversation().records()).isEqualTo(1);
  }

  @Test
  void shouldNotBeExactForARecordOfAnotherModel() {
    List<EnrichedRecord> records = enriched(LetterModel.of(4), SETTINGS, "a b c");
    assertThat(traced(model, SETTINGS, records).get(0).exact()).isFalse();
  }

  /**
   * Finds the pieces without offsets, by reading the text with each limit of tokens: each such
   * reading ends where a piece ends.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "don't you dare",
        "  SO GOOD, gonna  be GREAT!!! ",
        "can not wait :-))) #soGood @me",
        "sooo well-known \uD83D\uDE02\uD83D\uDE02 na\u00efve",
        "x"
      })
  void shouldEndPiecesWhereALimitOfTokensCutsTheText(String text) {
    List<String> pieces = new ArrayList<>();
    int[] ids = SHIPPED.tokenizer().encode(text, SETTINGS.maxTokens()).ids();
    int tokens = 0;
    int from = 0;
    for (int limit = 1; limit <= ids.length; limit++) {
      Encoding part = SHIPPED.tokenizer().encode(text, limit);
      if (part.ids().length > tokens) {
        int end = limit == ids.length ? text.length() : part.end();
        pieces.add(text.substring(from, end));
        tokens = part.ids().length;
        from = end;
      }
    }
    TracedRecord traced = traced(SHIPPED, SETTINGS, enriched(SHIPPED, SETTINGS, text)).get(0);
    assertThat(traced.pieces()).extracting(Piece::text).isEqualTo(pieces);
  }

  @Test
  void shouldShowTheWholeTextUnderASmallerLimitThanTheRecordWasReadWith() {
    List<EnrichedRecord> records = enriched(model, SETTINGS, "a b c d");
    TracedRecord traced = traced(model, SETTINGS.withMaxTokens(2), records).get(0);
    assertThat(traced.exact()).isFalse();
    assertThat(traced.pieces()).extracting(Piece::text).containsExactly("a ", "b c d");
  }

  @Test
  void shouldReadOnlyThePartThatTheRecordWasReadTo() {
    EnrichmentSettings two = SETTINGS.withMaxTokens(2);
    List<EnrichedRecord> records = enriched(model, two, "a b c d", "e");
    assertThat(records.get(0).truncated()).isTrue();
    List<TracedRecord> traced = traced(model, two, records);
    assertThat(traced).extracting(TracedRecord::exact).containsOnly(true);
    assertThat(traced.get(0).pieces()).hasSize(2);
    assertThat(text(traced.get(0))).isEqualTo(records.get(0).text());
  }
}
