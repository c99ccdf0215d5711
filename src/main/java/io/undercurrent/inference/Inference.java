package io.undercurrent.inference;

import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.kernel.Functions;
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
import java.util.Comparator;
import java.util.List;
import java.util.function.Supplier;

/**
 * Reads records: one at a time, or those of several keys together. Holds scratch and belongs to one
 * thread; the model is shared.
 *
 * <p>The result, the next state and what is remembered are a function of the text, the state and
 * memory before and the model alone: the same bits on every machine and JDK, and whatever is read
 * together. The next state is rounded as {@link Model#statePrecision} says.
 *
 * <p>Records that are read together go on in lockstep, a token each at every step, through products
 * over all of them; where one ends, the next takes its row (Gao et al. 2018, cellular batching).
 * What each position expects is computed for many at once, in {@link Expectations}.
 */
public final class Inference {

  /** Most records that are read together. */
  public static final int MAX_ROWS = 64;

  /** Caches of open records take at most so much, unless it is one record. */
  private static final long CACHE_BYTES = 64L << 20;

  private static final NextToken[] NOTHING = {};

  private final ModelConfig config;
  private final StatePrecision precision;
  private final Tokenizer tokenizer;
  private final Network network;
  private final Kernels kernels;
  private final int maxTokens;
  private final boolean languageModel;
  private final Observer observer; // or null

  private final int rows; // B
  private final HiddenStates states; // of B keys
  private final Network.Scratch scratch;
  private final int[] tokens; // (B)
  private final OpenRecord[] open; // (B), the first `live` are in use
  private int live;
  private final ArrayDeque<OpenRecord> free = new ArrayDeque<>();
  private final List<OpenRecord> made = new ArrayList<>();
  private final Expectations expectations; // or null

  private final float[] features; // (parts * H), then the context (H) of attention
  private final float[] logits; // (C)
  private final float[] sums = new float[Kernels.PARTIAL_SUMS];

  /**
   * For one record at a time.
   *
   * @param maxTokens tokens read of a record, at least 1
   * @param nextTokens how many likely next tokens are reported; 0 for none
   * @param languageModel whether surprise and next tokens are computed at all
   */
  public Inference(Model model, int maxTokens, int nextTokens, boolean languageModel) {
    this(model, maxTokens, nextTokens, languageModel, 1, null);
  }

  /**
   * As above, for several at a time.
   *
   * @param rows records read together at most, 1 to {@value #MAX_ROWS}; fewer where a model's cache
   *     is large
   */
  public Inference(Model model, int maxTokens, int nextTokens, boolean languageModel, int rows) {
    this(model, maxTokens, nextTokens, languageModel, rows, null);
  }

  /**
   * For one record at a time, looked at.
   *
   * @param observer told of every token, or null
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
    this.rows = Math.min(rows, mostRows());
    states = network.states(this.rows);
    scratch = network.scratch(this.rows);
    tokens = new int[this.rows];
    open = new OpenRecord[this.rows];
    expectations = languageModel ? new Expectations(model, nextTokens, this.rows, observer) : null;
    features = new float[config.sentimentSize()];
    logits = new float[config.classes()];
  }

  private int mostRows() {
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

  /** The tokens of a text, as far as a record is read. */
  public Encoding encode(String text) {
    return tokenizer.encode(text, maxTokens);
  }

  /** Reads one record as the first that there is anything to remember of. */
  public Reading read(String text, HiddenState state) {
    return read(text, state, null);
  }

  /**
   * Reads one record, moves {@code state} on past its end-of-record token, rounds it and adds the
   * record to what is remembered. A text without tokens leaves both as they were, but for the
   * rounding.
   *
   * @param memory the key's past records; a network that never looks back leaves it alone. Null for
   *     none, and none is kept
   */
  public Reading read(String text, HiddenState state, Memory memory) {
    Encoding encoding = encode(text);
    if (encoding.ids().length == 0) {
      precision.round(state);
      return empty(encoding);
    }
    One one = new One(encoding, state, memory);
    read(one::take);
    return one.reading;
  }

  /**
   * Clusters of rare words that were searched for next tokens so far; 0 for a model without
   * clusters.
   */
  public long searchedClusters() {
    return expectations == null ? 0 : expectations.searchedClusters();
  }

  /** Clusters that were not searched, for none of their words could be likely enough. */
  public long skippedClusters() {
    return expectations == null ? 0 : expectations.skippedClusters();
  }

  /** What is made of a text without tokens. */
  public static Reading empty(Encoding encoding) {
    return new Reading(0, 0, encoding.end(), encoding.truncated(), null, Double.NaN, NOTHING);
  }

  /** A record that is read alone. */
  private static final class One implements Unread {
    private final Encoding encoding;
    private final HiddenState state;
    private final Memory memory;
    private boolean taken;
    private Reading reading;

    private One(Encoding encoding, HiddenState state, Memory memory) {
      this.encoding = encoding;
      this.state = state;
      this.memory = memory;
    }

    private One take() {
      One next = taken ? null : this;
      taken = true;
      return next;
    }

    @Override
    public Encoding encoding() {
      return encoding;
    }

    @Override
    public HiddenState state() {
      return state;
    }

    @Override
    public Memory memory() {
      return memory;
    }

    @Override
    public void passed(float[] probabilities) {}

    @Override
    public void read(Reading whole) {
      reading = whole;
    }
  }

  /**
   * Reads records together, each the same as alone.
   *
   * @param next the next record that can be read now; null if there is none, either until another
   *     one has passed or at all: it is asked again after that
   */
  public void read(Supplier<? extends Unread> next) {
    try {
      fill(next);
      while (live > 0) {
        step();
        fill(next);
      }
      if (expectations != null) {
        expectations.compute(this::close);
      }
    } finally {
      abandon(); // what something thrown has left
    }
  }

  /** Gives free rows to records. */
  private void fill(Supplier<? extends Unread> next) {
    while (live < rows) {
      Unread unread = next.get();
      if (unread == null) {
        return;
      }
      OpenRecord row = free();
      row.open(unread);
      if (expectations != null) {
        expectations.begin(row);
      }
      List<Memory.Entry> past = past(unread);
      if (row.looked != null) {
        network.attention().look(past, row.looked);
      }
      if (row.cache != null) {
        row.cache.fill(past, tokenizer.endOfRecord());
      }
      states.set(live, unread.state());
      open[live++] = row;
    }
  }

  private static List<Memory.Entry> past(Unread record) {
    return record.memory() == null ? List.of() : record.memory().entries();
  }

  private OpenRecord free() {
    if (free.isEmpty() && made.size() == 2 * rows) {
      expectations.compute(this::close); // half of them wait for no more than that
    }
    if (free.isEmpty()) {
      OpenRecord another =
          new OpenRecord(
              new Pool(config.pooling(), config.hiddenSize()),
              network.attention() == null ? null : network.attention().scratch(),
              hasCache() ? new ContinuousCache(config, kernels) : null);
      made.add(another);
      return another;
    }
    return free.pop();
  }

  /** One token of every open record. */
  private void step() {
    int hidden = config.hiddenSize();
    float[] top = states.top();
    if (expectations != null && !expectations.hasRoomFor(live)) {
      expectations.compute(this::close);
    }
    for (int r = 0; r < live; r++) {
      OpenRecord row = open[r];
      boolean ends = row.at == row.ids.length;
      tokens[r] = ends ? tokenizer.endOfRecord() : row.ids[row.at];
      row.keep(top, r * hidden, hidden);
      if (ends) {
        row.probabilities = sentiment(row);
      }
      if (expectations != null) {
        expectations.add(row, top, r * hidden);
      }
    }
    network.step(live, tokens, states, scratch);
    for (int r = live - 1; r >= 0; r--) { // backwards, for the last row moves where one ends
      OpenRecord row = open[r];
      if (row.at < row.ids.length) {
        row.at++;
        row.pool.add(top, r * hidden);
        if (observer != null) {
          observer.felt(row.at - 1, sentiment(row));
        }
      } else {
        pass(row, r);
      }
    }
  }

  /** A record's last step is done: its row is free. */
  private void pass(OpenRecord row, int r) {
    Unread record = row.record;
    states.get(r, record.state());
    precision.round(record.state());
    live--;
    if (r < live) {
      states.move(live, r);
      open[r] = open[live];
    }
    open[live] = null;
    row.past = attended(row);
    if (row.kept.length > 0) {
      record.memory().append(new Memory.Entry(row.number, row.ids, row.kept));
    }
    record.passed(row.probabilities);
    if (expectations == null) {
      close(row, NOTHING, List.of());
    }
  }

  private float[] sentiment(OpenRecord row) {
    row.pool.features(features);
    if (row.looked != null) {
      int context = config.pooling().parts() * config.hiddenSize();
      network.attention().attend(features, features, context, row.looked);
    }
    network.sentimentLogits(features, logits);
    float[] probabilities = logits.clone();
    float max = Functions.max(probabilities, 0, probabilities.length);
    float sum = kernels.exponentials(probabilities, 0, probabilities.length, max, sums);
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] /= sum;
    }
    return probabilities;
  }

  /** The past records that the sentiment was drawn from, heaviest first. */
  private static List<LookBack.Past> attended(OpenRecord row) {
    if (row.looked == null) {
      return List.of();
    }
    List<Memory.Entry> past = past(row.record);
    List<LookBack.Past> records = new ArrayList<>();
    int count = row.looked.count();
    for (int i = count - 1; i >= 0; i--) {
      Memory.Entry entry = past.get(past.size() - count + i);
      records.add(new LookBack.Past(entry.record(), entry.tokens(), row.looked.weight(i)));
    }
    records.sort(Comparator.comparing((LookBack.Past p) -> -p.weight())); // stable: newest first
    return List.copyOf(records.subList(0, Math.min(records.size(), LookBack.RECORDS)));
  }

  /** Everything is known of a record. */
  private void close(OpenRecord row, NextToken[] next, List<ContinuousCache.Pair> pairs) {
    Encoding encoding = row.record.encoding();
    LookBack lookBack =
        row.looked == null && row.cache == null
            ? null
            : new LookBack(row.past, row.looked == null ? Float.NaN : row.looked.nothing(), pairs);
    Unread record = row.record;
    Reading reading =
        new Reading(
            row.ids.length,
            encoding.unknown(),
            encoding.end(),
            encoding.truncated(),
            row.probabilities,
            languageModel ? row.bits / row.ids.length : Double.NaN,
            next,
            lookBack,
            row.hit);
    row.close();
    free.push(row);
    record.read(reading);
  }

  /** Forgets what something thrown has left half done. */
  private void abandon() {
    if (free.size() == made.size()) {
      return;
    }
    live = 0;
    Arrays.fill(open, null);
    if (expectations != null) {
      expectations.clear();
    }
    free.clear();
    made.forEach(OpenRecord::close);
    free.addAll(made);
  }
}
