package io.undercurrent.query.internals;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Observer;
import io.undercurrent.inference.PendingRecord;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.query.internals.TracedRecord.Piece;
import io.undercurrent.text.Encoding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads the enriched records of one key again, to show how each token changed the sentiment and
 * which tokens the network expected instead.
 *
 * <p>Reading starts from an empty state and uses no stored state, so the result depends only on the
 * texts and the model. If it is given all of the key's records from the first one on, it repeats
 * the original reading; {@link TracedRecord#exact} says whether it does. If earlier records are
 * missing, it shows the reading of the given records alone.
 *
 * <p>Holds one key's state; used by one thread at a time. A record takes the time to enrich it, and
 * a search for the likeliest tokens at each of its tokens.
 */
public final class ConversationTrace {

  /** The number of expected tokens that are listed for each piece. */
  public static final int EXPECTED = 3;

  private final Model model;
  private final int maxTokens;
  private final Course course;
  private final Inference inference;
  private HiddenState state;
  private Memory memory; // null for a model that has none
  private long records;
  private double score; // NaN for labels without one

  public ConversationTrace(Model model, EnrichmentSettings settings) {
    this.model = model;
    maxTokens = settings.maxTokens();
    course = new Course(model);
    inference = new Inference(model, maxTokens, 1, true, course);
    restart(0);
  }

  private void restart(long records) {
    this.records = records;
    score = model.config().labels().hasScore() ? 0 : Double.NaN;
    state = model.initialState();
    memory = model.config().hasMemory() ? new Memory(model.config(), records) : null;
  }

  /** The number of the record that was read last; 0 before the first. */
  public long records() {
    return records;
  }

  /**
   * Reads the key's next record. It starts from an empty state if it does not directly follow the
   * last one: records are missing, or a tombstone deleted the key's state.
   */
  public TracedRecord read(EnrichedRecord record) {
    long number = record.conversation().records();
    if (number != records + 1) {
      restart(number - 1);
    }
    double before = score;
    course.clear();
    Encoding encoding = model.tokenizer().encode(record.text(), maxTokens, true);
    PendingRecord pending = new PendingRecord(encoding, state, memory, number);
    inference.read(List.of(pending));
    Reading reading = pending.reading();
    records = number;
    if (reading.tokens() == 0) {
      return new TracedRecord(record, record.sentiment() == null, before, List.of());
    }
    score = reading.score(model.config().labels());
    return new TracedRecord(
        record, isExact(record, reading), before, pieces(record.text(), encoding));
  }

  private boolean isExact(EnrichedRecord record, Reading reading) {
    return model.fingerprint().equals(record.model().fingerprint())
        && record.sentiment() != null
        && probabilities(record.sentiment()).equals(probabilities(reading));
  }

  /** The probabilities in the order of the labels; their nine digits identify a float. */
  private static List<Float> probabilities(EnrichedRecord.Sentiment sentiment) {
    return sentiment.probabilities().values().stream().map(Double::floatValue).toList();
  }

  private static List<Float> probabilities(Reading reading) {
    List<Float> probabilities = new ArrayList<>();
    for (float probability : reading.probabilities()) {
      probabilities.add(probability);
    }
    return probabilities;
  }

  /** Splits a text into the pieces that the tokenizer reads as one. */
  private List<Piece> pieces(String text, Encoding encoding) {
    int tokens = encoding.ids().length;
    List<Piece> pieces = new ArrayList<>();
    int start = 0;
    for (int token = 1; token <= tokens; token++) {
      if (token == tokens) {
        pieces.add(piece(text.substring(encoding.start(start)), start, token, encoding));
      } else if (encoding.end(token) > encoding.end(start)) {
        String part = text.substring(encoding.start(start), encoding.end(start));
        pieces.add(piece(part, start, token, encoding));
        start = token;
      }
    }
    return pieces;
  }

  private Piece piece(String text, int from, int to, Encoding encoding) {
    double bits = 0;
    for (int token = from; token < to; token++) {
      bits += course.bits.get(token) + encoding.spelling(token);
    }
    return new Piece(
        text,
        course.scores.get(to - 1),
        bits,
        course.expected.get(from),
        Math.pow(2, -course.bits.get(from)));
  }

  /** The scores, bits and expected tokens of one record, token by token. */
  private static final class Course implements Observer {

    private final Model model;
    private final List<Double> scores = new ArrayList<>();
    private final List<Double> bits = new ArrayList<>();
    private final List<List<NextToken>> expected = new ArrayList<>();

    Course(Model model) {
      this.model = model;
    }

    void clear() {
      scores.clear();
      bits.clear();
      expected.clear();
    }

    @Override
    public void onSentiment(int position, float[] probabilities) {
      scores.add((double) model.config().labels().score(probabilities));
    }

    @Override
    public void onToken(int token, double logProbability, Ranking ranking) {
      bits.add(-logProbability / Reading.LN2);
      expected.add(
          Arrays.stream(ranking.top(model.words(), EXPECTED))
              .map(next -> new NextToken(model.tokenizer().token(next.id()), next.probability()))
              .toList());
    }
  }
}
