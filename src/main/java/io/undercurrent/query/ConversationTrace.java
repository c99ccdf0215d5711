package io.undercurrent.query;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichmentSettings;
import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Observer;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.query.TracedRecord.Piece;
import io.undercurrent.text.Encoding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads the enriched records of one key again, to see what an enriched record does not say: how
 * each token moved the sentiment, and what had been expected in its place. Stored states are not
 * touched: reading starts from the state before a key's first record, and the result is a function
 * of texts and model alone. So with all of a key's records from its first on, the course is that of
 * the original reading, which {@link TracedRecord#exact} checks; with later ones only, it is what
 * the network makes of those.
 *
 * <p>Holds a key's state and belongs to one thread at a time. Costs what enriching costs, and
 * looking up the expected tokens for each.
 */
public final class ConversationTrace {

  /** Expected tokens that are named for each piece. */
  public static final int EXPECTED = 3;

  private final Model model;
  private final int maxTokens;
  private final Course course;
  private final Inference inference;
  private HiddenState state;
  private Memory memory; // null for a model that has none
  private long records;
  private double score;

  public ConversationTrace(Model model, EnrichmentSettings settings) {
    this.model = model;
    maxTokens = settings.maxTokens();
    course = new Course(model);
    inference = new Inference(model, maxTokens, 1, true, course);
    restart(0);
  }

  private void restart(long records) {
    this.records = records;
    score = 0;
    state = model.initialState();
    memory = model.config().hasMemory() ? new Memory(model.config(), records) : null;
  }

  /** Number of the record that was read last; 0 before the first. */
  public long records() {
    return records;
  }

  /**
   * Reads the key's next record. One that does not follow the last, because records between are
   * missing or the key was forgotten, starts from an empty state.
   */
  public TracedRecord read(EnrichedRecord record) {
    long number = record.conversation().records();
    if (number != records + 1) {
      restart(number - 1);
    }
    double before = score;
    course.clear();
    Reading reading = inference.read(record.text(), state, memory);
    records = number;
    if (reading.tokens() == 0) {
      return new TracedRecord(record, record.sentiment() == null, before, List.of());
    }
    score = reading.score();
    return new TracedRecord(record, isExact(record, reading), before, pieces(record.text()));
  }

  private boolean isExact(EnrichedRecord record, Reading reading) {
    return model.fingerprint().equals(record.model().fingerprint())
        && record.sentiment() != null
        && (float) record.sentiment().score() == reading.score(); // nine digits keep a float
  }

  /**
   * The tokenizer does not say which text a token stands for. But what it reads under a limit of
   * tokens ends where a group of tokens ends, and is the same tokens: so each limit shows an end.
   */
  private List<Piece> pieces(String text) {
    int[] ids = model.tokenizer().encode(text, maxTokens).ids();
    List<Piece> pieces = new ArrayList<>();
    int token = 0;
    int from = 0;
    for (int limit = 1; limit <= ids.length; limit++) {
      Encoding part =
          limit == ids.length ? whole(ids, text) : model.tokenizer().encode(text, limit);
      int count = part.ids().length;
      if (count <= token || !Arrays.equals(part.ids(), 0, count, ids, 0, count)) {
        continue;
      }
      pieces.add(piece(text.substring(from, part.end()), token, count));
      token = count;
      from = part.end();
    }
    return pieces;
  }

  private static Encoding whole(int[] ids, String text) {
    return new Encoding(ids, 0, text.length(), false);
  }

  private Piece piece(String text, int from, int to) {
    double bits = 0;
    for (int token = from; token < to; token++) {
      bits += course.bits.get(token);
    }
    return new Piece(
        text,
        course.scores.get(to - 1),
        bits,
        course.expected.get(from),
        Math.pow(2, -course.bits.get(from)));
  }

  /** Takes down one record's course. */
  private static final class Course implements Observer {
    private static final double LN2 = Math.log(2);

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
    public void felt(int position, float[] probabilities) {
      scores.add((double) (probabilities[probabilities.length - 1] - probabilities[0]));
    }

    @Override
    public void expected(int token, double logProbability, Ranking ranking) {
      bits.add(-logProbability / LN2);
      expected.add(
          Arrays.stream(ranking.top(model.words(), EXPECTED))
              .map(next -> new NextToken(model.tokenizer().token(next.id()), next.probability()))
              .toList());
    }
  }
}
