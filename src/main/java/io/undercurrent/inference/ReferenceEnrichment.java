package io.undercurrent.inference;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.inference.Enrichment.Outcome;
import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.inference.Reading.NextToken;
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
import io.undercurrent.model.TopK;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Utf8;
import java.util.List;

/**
 * Enriches one record, step by step: text, token ids, hidden states, heads, enriched record and
 * next state. Start here to see what Undercurrent computes.
 *
 * <p>This is the definition. {@link Enrichment} computes the same bits in batches and faster, and
 * is held to this class by {@code ReferenceEnrichmentTest}. Holds scratch and belongs to one
 * thread.
 */
public final class ReferenceEnrichment {

  private final Model model;
  private final Network network;
  private final NextTokenHead nextToken;
  private final int maxTokens;
  private final int nextTokens;
  private final Outcomes outcomes;

  private final Network.Scratch step;
  private final NextTokenHead.Scratch scores; // of one position
  private final float[] features; // (parts * H [+ H]) of the sentiment head
  private final float[] sums = new float[Kernels.PARTIAL_SUMS];

  public ReferenceEnrichment(Model model, EnrichmentSettings settings) {
    this.model = model;
    network = model.network();
    nextToken = network.nextToken();
    maxTokens = settings.maxTokens();
    nextTokens = settings.nextTokens();
    outcomes = new Outcomes(model, settings.halfLifeTokens());
    step = network.scratch();
    scores = nextToken.scratch(1);
    features = new float[model.config().sentimentSize()];
  }

  /**
   * Enriches one record.
   *
   * @param before the key's state; {@link KeyState#fresh} for a key without records. Not written
   * @param message no tombstone
   * @throws BadRecordException if a number of the result is NaN or infinite
   */
  public Outcome enrich(KeyState before, Message message) {
    // Text to token ids.
    String text = Utf8.withoutLoneSurrogates(message.text());
    Encoding encoding = model.tokenizer().encode(text, maxTokens);
    int[] ids = encoding.ids();
    HiddenState state = before.hidden().copy();
    Memory memory = before.memory() == null ? null : before.memory().copy();
    if (ids.length == 0) {
      model.statePrecision().round(state);
      return outcomes.of(before, message, Reading.empty(encoding), state, memory);
    }

    // Token ids to hidden states. Each token is scored before it is read.
    long number = before.records() + 1; // of this record, among its key's
    RecordAttention.Scratch attention = attention(memory);
    ContinuousCache cache = cache(memory);
    Pool pool = new Pool(model.config().pooling(), model.config().hiddenSize());
    short[][] kept = memory == null ? new short[0][] : new short[memory.rows(ids.length)][];
    int checked = nextTokens == 0 ? -1 : Reading.checkedPosition(ids, model.words());
    Hit hit = Hit.NONE;
    double bits = 0;
    for (int i = 0; i < ids.length; i++) {
      keep(state, kept, i - ids.length);
      TopK topK = likeliest(i == checked);
      bits -= logProbability(ids[i], state, cache, topK) / Math.log(2);
      if (i == checked) {
        hit = Reading.contains(NextToken.of(topK, 0), ids[i]) ? Hit.HIT : Hit.MISS;
      }
      if (cache != null) {
        cache.add(state.top(), 0, ids[i], number, i + 1);
      }
      network.step(ids[i], state, step);
      pool.add(state.top());
    }

    // Hidden states to sentiment and next tokens, before the end of record is read.
    float[] sentiment = network.sentiment(pool, attention, features, sums);
    TopK topK = likeliest(nextTokens > 0);
    logProbability(model.tokenizer().endOfRecord(), state, cache, topK);
    LookBack lookBack = LookBack.of(memory, attention, cache, model.words());

    // The next state: after the end of record, rounded as it is stored.
    keep(state, kept, 0);
    network.step(model.tokenizer().endOfRecord(), state, step);
    model.statePrecision().round(state);
    if (kept.length > 0) {
      memory.append(new Memory.Entry(number, ids, kept));
    }

    Reading reading =
        new Reading(
            ids.length,
            encoding.unknown(),
            encoding.end(),
            encoding.truncated(),
            sentiment,
            bits / ids.length,
            topK == null ? Reading.NO_TOKENS : NextToken.of(topK, 0),
            lookBack,
            hit);
    return outcomes.of(before, message, reading, state, memory);
  }

  /** The past records that the sentiment is drawn from; null for a model without attention. */
  private RecordAttention.Scratch attention(Memory memory) {
    if (network.attention() == null) {
      return null;
    }
    RecordAttention.Scratch attention = network.attention().scratch();
    network.attention().look(memory == null ? List.of() : memory.entries(), attention);
    return attention;
  }

  /** The key's past tokens; null for a model without a cache. */
  private ContinuousCache cache(Memory memory) {
    ModelConfig config = model.config();
    if (!config.cache().on()) {
      return null;
    }
    ContinuousCache cache = new ContinuousCache(config, Kernels.best());
    cache.fill(memory == null ? List.of() : memory.entries(), model.tokenizer().endOfRecord());
    return cache;
  }

  /** Keeps h for the memory, if one of its rows is for this position: 0 is the last. */
  private static void keep(HiddenState state, short[][] kept, int fromLast) {
    int row = kept.length - 1 + fromLast;
    if (row >= 0) {
      kept[row] = Memory.rounded(state.top());
    }
  }

  private TopK likeliest(boolean wanted) {
    return wanted ? new TopK(1, nextTokens) : null;
  }

  /**
   * The natural logarithm of a token's probability after a state.
   *
   * @param topK out: the likeliest words there; null if they are not wanted
   */
  private double logProbability(int token, HiddenState state, ContinuousCache cache, TopK topK) {
    System.arraycopy(state.top(), 0, scores.h(), 0, state.top().length);
    nextToken.expect(1, scores);
    double[] logProbability = new double[1];
    nextToken.read(
        1,
        new int[] {token},
        logProbability,
        new boolean[] {topK != null},
        model.words(),
        topK,
        scores);
    if (cache == null) {
      return logProbability[0];
    }
    cache.expect(state.top(), 0);
    if (topK != null) {
      cache.top(nextToken, 0, model.words(), topK, 0, scores);
    }
    return cache.logProbability(logProbability[0], token);
  }
}
