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
import java.util.ArrayList;
import java.util.List;

/**
 * Enriches one record: text, token ids, hidden states, heads, enriched record and next state. Start
 * here to see what Undercurrent computes: {@link #enrich} is the whole computation.
 *
 * <p>This class is the definition. {@link Enrichment} computes the same bits faster and in batches;
 * {@code ReferenceEnrichmentTest} compares the two. Holds scratch buffers, so each thread needs its
 * own.
 */
public final class ReferenceEnrichment {

  private final Model model;
  private final Network network;
  private final NextTokenHead nextTokenHead;
  private final int maxTokens;
  private final int nextTokens; // how many likely next tokens a record lists
  private final Outcomes outcomes;

  private final Network.Scratch step;
  private final NextTokenHead.Scratch scores; // of one position
  private final float[] features; // (parts * H [+ H]) of the sentiment head
  private final float[] sums = new float[Kernels.PARTIAL_SUMS];

  public ReferenceEnrichment(Model model, EnrichmentSettings settings) {
    this.model = model;
    network = model.network();
    nextTokenHead = network.nextToken();
    maxTokens = settings.maxTokens();
    nextTokens = settings.nextTokens();
    outcomes = new Outcomes(model, settings.halfLifeTokens());
    step = network.scratch();
    scores = nextTokenHead.scratch(1);
    features = new float[model.config().sentimentSize()];
  }

  /**
   * Enriches one record.
   *
   * @param before the key's state before the record, {@link KeyState#fresh} for a key without
   *     records; not changed
   * @param message not a tombstone
   * @throws BadRecordException if a number of the result is NaN or infinite
   */
  public Outcome enrich(KeyState before, Message message) {
    // 1. Text to token ids.
    String text = Utf8.withoutLoneSurrogates(message.text());
    Encoding encoding = model.tokenizer().encode(text, maxTokens);
    int[] ids = encoding.ids();
    int endOfRecord = model.tokenizer().endOfRecord();
    HiddenState state = before.hidden().copy();
    Memory memory = before.memory() == null ? null : before.memory().copy();
    if (ids.length == 0) {
      model.statePrecision().round(state, model.config().kind());
      return outcomes.of(before, message, Reading.empty(encoding), state, memory);
    }

    // 2. What the network looks back at: the key's past records and tokens.
    long number = before.records() + 1; // of this record among its key's
    RecordAttention.Scratch attention = attention(memory);
    ContinuousCache cache = cache(memory);

    // 3. Token ids to hidden states. Each token is predicted before it is read.
    Pool pool = new Pool(model.config().pooling(), model.config().hiddenSize());
    int rows = memory == null ? 0 : memory.rows(ids.length); // states to remember: the last ones
    int firstRemembered = ids.length + 1 - rows; // position; the end of record is the last
    List<short[]> remembered = new ArrayList<>(); // (rows, H)
    int checked = nextTokens == 0 ? -1 : Reading.checkedPosition(ids, model.words());
    Hit hit = Hit.NONE;
    double bits = 0;
    for (int i = 0; i < ids.length; i++) {
      if (i >= firstRemembered) {
        remembered.add(Memory.rounded(state.top()));
      }
      Prediction prediction = predict(ids[i], i == checked, state, cache);
      bits -= prediction.logProbability / Reading.LN2;
      if (i == checked) {
        hit = Reading.contains(prediction.likeliest, ids[i]) ? Hit.HIT : Hit.MISS;
      }
      if (cache != null) {
        cache.add(state.top(), 0, ids[i], number, i + 1);
      }
      network.step(ids[i], state, step);
      pool.add(state.top());
    }

    // 4. Hidden states to sentiment and to the probability of the end, before the end is read.
    float[] sentiment = network.sentiment(pool, attention, features, sums);
    Prediction end = predict(endOfRecord, false, state, cache);
    List<LookBack.Past> attended = LookBack.attended(memory, attention);
    float[] beforeEnd = state.top().clone();

    // 5. The next state: after the end of record, rounded to the precision that is stored.
    if (ids.length >= firstRemembered) {
      remembered.add(Memory.rounded(beforeEnd));
      memory.append(new Memory.Entry(number, ids, remembered.toArray(short[][]::new)));
    }
    network.step(endOfRecord, state, step);
    model.statePrecision().round(state, model.config().kind());

    // 6. The stored state to the first words of the key's next record.
    if (cache != null) {
      cache.add(beforeEnd, 0, endOfRecord, number, ids.length + 1);
    }
    Prediction next = predict(endOfRecord, nextTokens > 0, state, cache);
    LookBack lookBack = LookBack.of(attended, attention, cache, model.words());

    // 7. Unknown words cost their spelling too.
    double spellingBits = encoding.spellingBits() / ids.length;

    // 8. All of it as an enriched record and a key's state.
    Reading reading =
        new Reading(
            ids.length,
            encoding.unknown(),
            encoding.end(),
            encoding.truncated(),
            sentiment,
            bits / ids.length + spellingBits,
            spellingBits,
            Reading.probability(end.logProbability),
            next.likeliest,
            lookBack,
            hit);
    return outcomes.of(before, message, reading, state, memory);
  }

  /**
   * The likeliest first words of a key's next record, most probable first. Its last record listed
   * them too, up to its settings' number.
   *
   * @param state the key's state after at least one record
   * @param max the maximum number of words, at least 1
   */
  public NextToken[] next(KeyState state, int max) {
    int endOfRecord = model.tokenizer().endOfRecord();
    return predict(endOfRecord, max, state.hidden(), cache(state.memory())).likeliest;
  }

  /** The attention over the key's past records; null for a model without attention. */
  private RecordAttention.Scratch attention(Memory memory) {
    if (network.attention() == null) {
      return null;
    }
    RecordAttention.Scratch attention = network.attention().scratch();
    network.attention().look(memory == null ? List.of() : memory.entries(), attention);
    return attention;
  }

  /** The cache, filled with the key's past tokens; null for a model without a cache. */
  private ContinuousCache cache(Memory memory) {
    ModelConfig config = model.config();
    if (!config.cache().on()) {
      return null;
    }
    ContinuousCache cache = new ContinuousCache(config, Kernels.best());
    cache.fill(memory == null ? List.of() : memory.entries(), model.tokenizer().endOfRecord());
    return cache;
  }

  /**
   * What the network expects after a state.
   *
   * @param logProbability of the token that comes, natural logarithm
   * @param likeliest the likeliest words, most probable first; empty if not wanted
   */
  private record Prediction(double logProbability, NextToken[] likeliest) {}

  /** Predicts the token after {@code state}, from the next-token head and the cache. */
  private Prediction predict(
      int token, boolean wantsLikeliest, HiddenState state, ContinuousCache cache) {
    return predict(token, wantsLikeliest ? nextTokens : 0, state, cache);
  }

  /**
   * @param max the maximum number of likeliest words; 0 if they are not wanted
   */
  private Prediction predict(int token, int max, HiddenState state, ContinuousCache cache) {
    boolean wantsLikeliest = max > 0;
    double[] logProbability = new double[1];
    TopK topK = wantsLikeliest ? new TopK(1, max) : null;
    System.arraycopy(state.top(), 0, scores.h(), 0, state.top().length);
    nextTokenHead.expect(1, scores);
    nextTokenHead.read(
        1,
        new int[] {token},
        logProbability,
        new boolean[] {wantsLikeliest},
        model.words(),
        topK,
        scores);
    if (cache != null) {
      cache.expect(state.top(), 0);
      logProbability[0] = cache.logProbability(logProbability[0], token);
      if (wantsLikeliest) {
        cache.top(nextTokenHead, 0, model.words(), topK, 0, scores);
      }
    }
    return new Prediction(
        logProbability[0], wantsLikeliest ? NextToken.of(topK, 0) : Reading.NO_TOKENS);
  }
}
