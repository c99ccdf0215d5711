package io.undercurrent.inference;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.ContinuousCache;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.HiddenStates;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Network;
import io.undercurrent.model.Pool;
import io.undercurrent.model.StatePrecision;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads records with the network, one at a time or several keys' together. Holds scratch buffers,
 * so each thread needs its own; the model is shared.
 *
 * <p>The reading, the next state and the next memory depend only on the text, the previous state
 * and memory, and the model. They are the same bits on every machine and JDK, and whichever records
 * are read together. The next state is rounded to {@link Model#statePrecision}.
 *
 * <p>Records that are read together advance in lockstep: each step reads one token of each, in
 * matrix products over all of them. When a record ends, the next one takes its row (Gao et al.
 * 2018, cellular batching). Where no product reads the state, the tokens of each record are read
 * together instead ({@link ReadAhead}). {@link NextTokenScorer} predicts next tokens for many
 * positions at once.
 */
public final class Inference {

  /** The maximum number of records that are read together. */
  public static final int MAX_ROWS = 64;

  /** The maximum size of the caches of all rows, in bytes; a single row may exceed it. */
  private static final long CACHE_BYTES = 64L << 20;

  private final ModelConfig config;
  private final StatePrecision precision;
  private final Tokenizer tokenizer;
  private final Network network;
  private final Kernels kernels;
  private final int maxTokens;
  private final boolean languageModel;
  private final Observer observer; // or null

  private final int rows; // B
  private final HiddenStates states; // of the open rows
  private final Network.Scratch scratch; // null for a network that reads ahead
  private final ReadAhead ahead; // null for one that does not
  private final int[] tokens; // (B)
  private final Row[] open; // (B) rows whose records are being read; the first `live` are in use
  private int live;
  private final ArrayDeque<Row> free = new ArrayDeque<>();
  private final List<Row> allRows = new ArrayList<>();
  private final NextTokenScorer scorer; // null without a language model

  private final float[] features; // (parts * H), then the context (H) of attention
  private final float[] sums = new float[Kernels.PARTIAL_SUMS];

  /**
   * For one record at a time.
   *
   * @param maxTokens the maximum number of tokens read from a record, at least 1
   * @param nextTokens the number of likely next tokens that are listed; 0 for none
   * @param languageModel whether surprise and next tokens are computed
   */
  public Inference(Model model, int maxTokens, int nextTokens, boolean languageModel) {
    this(model, maxTokens, nextTokens, languageModel, 1, null);
  }

  /**
   * For several records at a time.
   *
   * @param rows the maximum number of records read together, 1 to {@value #MAX_ROWS}; fewer are
   *     read together if the model's cache is large
   */
  public Inference(Model model, int maxTokens, int nextTokens, boolean languageModel, int rows) {
    this(model, maxTokens, nextTokens, languageModel, rows, null);
  }

  /**
   * For one record at a time, with an observer.
   *
   * @param observer told of every token; may be null
   */
  public Inference(
      Model model, int maxTokens, int nextTokens, boolean languageModel, Observer observer) {
    this(model, maxTokens, nextTokens, languageModel, 1, observer);
  }

  private Inference(
      Model model,
      int maxTokens,
      int nextTokens,
      boolean languageModel,
      int rows,
      Observer observer) {
    if (rows < 1 || rows > MAX_ROWS) {
      throw new IllegalArgumentException("rows must be 1 to " + MAX_ROWS + ", found " + rows);
    }
    this.observer = observer;
    this.tokenizer = model.tokenizer();
    this.network = model.network();
    this.kernels = Kernels.best();
    this.maxTokens = maxTokens;
    this.languageModel = languageModel;
    this.precision = model.statePrecision();
    config = model.config();
    this.rows = Math.min(rows, maxRows());
    states = network.states(this.rows);
    scratch = network.readsAhead() ? null : network.scratch(this.rows);
    ahead = network.readsAhead() ? new ReadAhead(model) : null;
    tokens = new int[this.rows];
    open = new Row[this.rows];
    scorer = languageModel ? new NextTokenScorer(model, nextTokens, this.rows, observer) : null;
    features = new float[config.sentimentSize()];
  }

  private int maxRows() {
    if (!hasCache()) {
      return MAX_ROWS;
    }
    long bytes = 2L * Float.BYTES * config.cache().tokens() * config.hiddenSize();
    return (int) Math.max(1, Math.min(MAX_ROWS, CACHE_BYTES / bytes / 2));
  }

  private boolean hasCache() {
    return languageModel && config.cache().on();
  }

  /** A key's memory without records, for {@link #read(String, HiddenState, Memory)}. */
  public Memory memory() {
    return new Memory(config);
  }

  /** The tokens of a text, up to the limit of tokens. */
  public Encoding encode(String text) {
    return tokenizer.encode(text, maxTokens);
  }

  /** Reads one record without a memory. */
  public Reading read(String text, HiddenState state) {
    return read(text, state, null);
  }

  /**
   * Reads one record. {@code state} becomes the state after its end-of-record token, rounded, and
   * the record is added to {@code memory}. A text without tokens changes neither, except that the
   * state is rounded.
   *
   * @param memory the key's past records, not changed by a network that never looks back; null to
   *     read and keep none
   */
  public Reading read(String text, HiddenState state, Memory memory) {
    long number = memory == null ? 1 : memory.records() + 1;
    PendingRecord record = new PendingRecord(encode(text), state, memory, number);
    read(List.of(record));
    return record.reading();
  }

  /**
   * The number of clusters of rare words that were searched for next tokens so far; 0 for a model
   * without clusters.
   */
  public long searchedClusters() {
    return scorer == null ? 0 : scorer.searchedClusters();
  }

  /**
   * The number of clusters that were not searched because none of their words could be likely
   * enough.
   */
  public long skippedClusters() {
    return scorer == null ? 0 : scorer.skippedClusters();
  }

  /**
   * Reads records together. Each has the same result as if it were read alone. A record that
   * follows another one of its key starts when that one has ended.
   *
   * @param records in an order in which each comes after the one that it follows
   */
  public void read(List<PendingRecord> records) {
    ArrayDeque<PendingRecord> ready = new ArrayDeque<>();
    for (PendingRecord record : records) {
      if (!record.hasPrevious()) {
        ready.add(record);
      }
    }
    try {
      fill(ready);
      while (live > 0) {
        step(ready);
        fill(ready);
      }
      finishScored();
    } finally {
      abandon(); // closes the rows that an exception has left open
    }
  }

  /** Starts records that are ready, as long as rows are free. */
  private void fill(ArrayDeque<PendingRecord> ready) {
    while (live < rows && !ready.isEmpty()) {
      PendingRecord record = ready.poll();
      if (record.encoding().ids().length == 0) {
        precision.round(record.state(), config.kind());
        record.complete(Reading.empty(record.encoding()));
        release(record, ready);
      } else {
        open(record);
      }
    }
  }

  private void open(PendingRecord record) {
    Row row = freeRow();
    row.open(record);
    if (scorer != null) {
      scorer.begin(row);
    }
    List<Memory.Entry> past = past(record);
    if (row.attention != null) {
      network.attention().look(past, row.attention);
    }
    if (row.cache != null) {
      row.cache.fill(past, tokenizer.endOfRecord());
    }
    states.set(live, record.state());
    open[live++] = row;
  }

  /** Makes the next record of the same key ready. */
  private static void release(PendingRecord record, ArrayDeque<PendingRecord> ready) {
    if (record.next() != null) {
      record.next().follow();
      ready.add(record.next());
    }
  }

  private static List<Memory.Entry> past(PendingRecord record) {
    return record.memory() == null ? List.of() : record.memory().entries();
  }

  private Row freeRow() {
    if (free.isEmpty() && allRows.size() == 2 * rows) {
      finishScored(); // half of the rows have ended and only wait to be scored
    }
    if (free.isEmpty()) {
      Row another =
          new Row(
              new Pool(config.pooling(), config.hiddenSize()),
              network.attention() == null ? null : network.attention().scratch(),
              hasCache() ? new ContinuousCache(config, kernels) : null,
              ahead == null ? null : ahead.new Part());
      allRows.add(another);
      return another;
    }
    return free.pop();
  }

  /** Reads one token of every open row. */
  private void step(ArrayDeque<PendingRecord> ready) {
    int hidden = config.hiddenSize();
    float[] top = states.top();
    if (scorer != null && !scorer.hasRoomFor(live)) {
      finishScored();
    }
    for (int r = 0; r < live; r++) {
      Row row = open[r];
      tokens[r] = row.isAtEnd() ? tokenizer.endOfRecord() : row.ids[row.position];
      row.keep(top, r * hidden, hidden);
      if (row.isAtEnd()) {
        row.probabilities = sentiment(row);
      }
      if (scorer != null) {
        scorer.add(row, top, r * hidden);
      }
    }
    if (scratch != null) {
      network.step(live, tokens, states, scratch);
    } else {
      for (int r = 0; r < live; r++) {
        open[r].ahead.want(open[r].position);
      }
      ahead.finish();
      for (int r = 0; r < live; r++) {
        open[r].ahead.top(open[r].position, top, r * hidden);
      }
    }
    for (int r = live - 1; r >= 0; r--) { // backwards: the last row replaces one that ends
      Row row = open[r];
      if (row.isAtEnd()) {
        end(row, r, ready);
      } else {
        row.position++;
        row.pool.add(top, r * hidden);
        if (observer != null) {
          observer.onSentiment(row.position - 1, sentiment(row));
        }
      }
    }
  }

  /**
   * Ends a record after its last step: stores its next state, and frees its row for the next step.
   */
  private void end(Row row, int r, ArrayDeque<PendingRecord> ready) {
    PendingRecord record = row.record;
    if (row.ahead == null) {
      states.get(r, record.state());
    } else {
      row.ahead.state(record.state());
    }
    precision.round(record.state(), config.kind());
    live--;
    if (r < live) {
      states.move(live, r);
      open[r] = open[live];
    }
    open[live] = null;
    row.past = LookBack.attended(record.memory(), row.attention);
    if (row.kept.length > 0) {
      record.memory().append(new Memory.Entry(record.number(), row.ids, row.kept));
    }
    if (scorer != null && scorer.wantsNext(row)) {
      if (!scorer.hasRoomFor(1)) {
        finishScored();
      }
      scorer.addNext(row, record.state().top());
    }
    release(record, ready);
    if (scorer == null) {
      finish(row);
    }
  }

  private float[] sentiment(Row row) {
    return network.sentiment(row.pool, row.attention, features, sums);
  }

  /** Scores the waiting positions, and completes the records that have ended. */
  private void finishScored() {
    if (scorer != null) {
      scorer.score().forEach(this::finish);
    }
  }

  /** Completes the record of a row. */
  private void finish(Row row) {
    Encoding encoding = row.record.encoding();
    double spellingBits = encoding.spellingBits() / row.ids.length;
    LookBack lookBack =
        row.attention == null && row.cache == null
            ? null
            : new LookBack(
                row.past, row.attention == null ? Float.NaN : row.attention.nothing(), row.pairs);
    row.record.complete(
        new Reading(
            row.ids.length,
            encoding.unknown(),
            encoding.end(),
            encoding.truncated(),
            row.probabilities,
            languageModel ? row.bits / row.ids.length + spellingBits : Double.NaN,
            spellingBits,
            row.endProbability,
            row.next,
            lookBack,
            row.hit));
    row.close();
    free.push(row);
  }

  /** Closes all rows after an exception. */
  private void abandon() {
    if (free.size() == allRows.size()) {
      return;
    }
    live = 0;
    Arrays.fill(open, null);
    if (scorer != null) {
      scorer.clear();
    }
    if (ahead != null) {
      ahead.clear();
    }
    free.clear();
    allRows.forEach(Row::close);
    free.addAll(allRows);
  }
}
