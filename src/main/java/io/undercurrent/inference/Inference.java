package io.undercurrent.inference;

import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.kernel.Functions;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.ContinuousCache;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Network;
import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.Pool;
import io.undercurrent.model.RecordAttention;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Reads records, one at a time. Holds scratch and belongs to one thread; the model is shared.
 *
 * <p>The result, the next state and what is remembered are a function of the text, the state and
 * memory before and the model alone: the same bits on every machine and JDK.
 */
public final class Inference {

  /** Tokens whose logits are computed in one product. */
  private static final int BLOCK = 23; // and the one after makes four passes of six rows

  private static final NextToken[] NOTHING = {};

  private final ModelConfig config;
  private final Tokenizer tokenizer;
  private final Network network;
  private final Kernels kernels;
  private final int maxTokens;
  private final int nextTokens;
  private final boolean languageModel;
  private final boolean[] offered; // (V) may be shown as a next word
  private final Observer observer; // or null

  private final Network.Scratch scratch;
  private final Pool pool;
  private final float[] features; // (parts * H), then the context (H) of attention
  private final float[] sentiment; // (C)
  private final RecordAttention.Scratch looked; // or null
  private final ContinuousCache cache; // or null
  private final NextTokenHead.Scratch expected; // (BLOCK + 1) positions
  private final double[] logProbabilities; // (BLOCK + 1)

  /**
   * @param maxTokens tokens read of a record, at least 1
   * @param nextTokens how many likely next tokens are reported; 0 for none
   * @param languageModel whether surprise and next tokens are computed at all
   */
  public Inference(Model model, int maxTokens, int nextTokens, boolean languageModel) {
    this(model, maxTokens, nextTokens, languageModel, null);
  }

  /**
   * As above, looked at.
   *
   * @param observer told of every token, or null
   */
  public Inference(
      Model model, int maxTokens, int nextTokens, boolean languageModel, Observer observer) {
    this.observer = observer;
    this.tokenizer = model.tokenizer();
    this.network = model.network();
    this.kernels = Kernels.best();
    this.maxTokens = maxTokens;
    this.nextTokens = nextTokens;
    this.languageModel = languageModel;
    int vocabulary = model.config().vocabSize();
    scratch = network.scratch();
    pool = new Pool(model.config().pooling(), model.config().hiddenSize());
    config = model.config();
    features = new float[config.sentimentSize()];
    sentiment = new float[config.classes()];
    looked = network.attention() == null ? null : network.attention().scratch();
    cache = languageModel && config.cache().on() ? new ContinuousCache(config, kernels) : null;
    expected = languageModel ? network.nextToken().scratch(BLOCK + 1) : null;
    logProbabilities = new double[BLOCK + 1];
    offered = new boolean[vocabulary];
    for (int id = 0; id < vocabulary; id++) {
      offered[id] = tokenizer.isWord(id);
    }
  }

  /** A key's memory without records, for {@link #read(String, HiddenState, Memory)}. */
  public Memory memory() {
    return new Memory(config);
  }

  /** Reads one record as the first that there is anything to remember of. */
  public Reading read(String text, HiddenState state) {
    return read(text, state, null);
  }

  /**
   * Reads one record, moves {@code state} on past its end-of-record token and adds it to what is
   * remembered. A text without tokens leaves both as they were.
   *
   * @param memory the key's past records; a network that never looks back leaves it alone. Null for
   *     none, and none is kept
   */
  public Reading read(String text, HiddenState state, Memory memory) {
    Encoding encoding = tokenizer.encode(text, maxTokens);
    int[] ids = encoding.ids();
    if (ids.length == 0) {
      return new Reading(0, 0, encoding.end(), encoding.truncated(), null, Double.NaN, NOTHING);
    }
    List<Memory.Entry> past = memory == null ? List.of() : memory.entries();
    long record = memory == null ? 1 : memory.records() + 1;
    short[][] kept = new short[memory == null ? 0 : memory.rows(ids.length)][];
    pool.clear();
    if (looked != null) {
      network.attention().look(past, looked);
    }
    if (cache != null) {
      cache.fill(past, tokenizer.endOfRecord());
    }
    double bits = 0;
    for (int start = 0; start < ids.length; start += BLOCK) {
      int rows = Math.min(BLOCK, ids.length - start);
      for (int r = 0; r < rows; r++) {
        remember(state, r);
        keep(state, start + r - ids.length, kept);
        network.step(ids[start + r], state, scratch);
        pool.add(state.top());
        if (observer != null) {
          observer.felt(start + r, sentiment());
        }
      }
      remember(state, rows); // what comes after the block is expected from here
      bits += surprise(ids, start, rows, record);
    }
    keep(state, 0, kept);
    int last = (ids.length - 1) % BLOCK + 1; // the row of what comes after the record
    float[] probabilities = sentiment();
    if (cache != null) {
      cache.expect(expected.h(), last * hidden());
    }
    NextToken[] next = languageModel && nextTokens > 0 ? top(last, offered, nextTokens) : NOTHING;
    LookBack lookBack = lookBack(past);
    observeEnd(last);
    network.step(tokenizer.endOfRecord(), state, scratch);
    if (kept.length > 0) {
      memory.append(new Memory.Entry(record, ids, kept));
    }
    return new Reading(
        ids.length,
        encoding.unknown(),
        encoding.end(),
        encoding.truncated(),
        probabilities,
        languageModel ? bits / ids.length : Double.NaN,
        next,
        lookBack);
  }

  /**
   * Keeps h for the memory.
   *
   * @param token that it stands before, counted from the end of record
   */
  private static void keep(HiddenState state, int token, short[][] kept) {
    int row = kept.length - 1 + token;
    if (row >= 0) {
      kept[row] = Memory.rounded(state.top());
    }
  }

  private float[] sentiment() {
    pool.features(features);
    if (looked != null) {
      network.attention().attend(features, features, config.pooling().parts() * hidden(), looked);
    }
    network.sentimentLogits(features, sentiment);
    float[] probabilities = sentiment.clone();
    float max = Functions.max(probabilities, 0, probabilities.length);
    float sum = kernels.exponentials(probabilities, 0, probabilities.length, max);
    for (int i = 0; i < probabilities.length; i++) {
      probabilities[i] /= sum;
    }
    return probabilities;
  }

  private void remember(HiddenState state, int row) {
    if (languageModel) {
      float[] h = state.top();
      System.arraycopy(h, 0, expected.h(), row * h.length, h.length);
    }
  }

  /**
   * Bits that tokens {@code [start, start + rows)} cost, given the states before each; leaves what
   * is expected after them in the row after theirs.
   */
  private double surprise(int[] ids, int start, int rows, long record) {
    if (!languageModel) {
      return 0;
    }
    network.nextToken().expect(rows + 1, expected);
    network.nextToken().logProbabilities(rows, ids, start, logProbabilities, expected);
    double bits = 0;
    for (int r = 0; r < rows; r++) {
      int token = ids[start + r];
      if (cache != null) {
        cache.expect(expected.h(), r * hidden());
        logProbabilities[r] = cache.logProbability(logProbabilities[r], token);
      }
      bits -= logProbabilities[r] / LN2;
      observe(token, r);
      if (cache != null) {
        cache.add(expected.h(), r * hidden(), token, record, start + r + 1);
      }
    }
    return bits;
  }

  private int hidden() {
    return config.hiddenSize();
  }

  private void observeEnd(int row) {
    if (observer != null && languageModel) {
      int end = tokenizer.endOfRecord();
      int[] ends = new int[row + 1];
      Arrays.fill(ends, end);
      network.nextToken().logProbabilities(row + 1, ends, 0, logProbabilities, expected);
      if (cache != null) {
        logProbabilities[row] = cache.logProbability(logProbabilities[row], end);
      }
      observe(end, row);
    }
  }

  private void observe(int token, int row) {
    if (observer != null) {
      observer.expected(token, logProbabilities[row], (words, most) -> top(row, words, most));
    }
  }

  private static final double LN2 = 0.6931471805599453;

  /** The likeliest of the offered tokens at {@code row}. */
  private NextToken[] top(int row, boolean[] offered, int most) {
    int[] ids = new int[most];
    float[] probabilities = new float[most];
    NextTokenHead head = network.nextToken();
    int found =
        cache == null
            ? head.top(row, offered, ids, probabilities, expected)
            : cache.top(head, row, offered, ids, probabilities, expected);
    NextToken[] next = new NextToken[found];
    for (int i = 0; i < found; i++) {
      next[i] = new NextToken(ids[i], probabilities[i]);
    }
    return next;
  }

  /** What the record's sentiment and what comes after it were drawn from. */
  private LookBack lookBack(List<Memory.Entry> past) {
    if (looked == null && cache == null) {
      return null;
    }
    List<LookBack.Past> records = new ArrayList<>();
    int count = looked == null ? 0 : looked.count();
    for (int i = count - 1; i >= 0; i--) {
      Memory.Entry entry = past.get(past.size() - count + i);
      records.add(new LookBack.Past(entry.record(), entry.tokens(), looked.weight(i)));
    }
    records.sort(Comparator.comparing((LookBack.Past p) -> -p.weight())); // stable: newest first
    return new LookBack(
        records.subList(0, Math.min(records.size(), LookBack.RECORDS)),
        looked == null ? Float.NaN : looked.nothing(),
        cache == null ? List.of() : cache.heaviest(offered, LookBack.TOKENS));
  }
}
