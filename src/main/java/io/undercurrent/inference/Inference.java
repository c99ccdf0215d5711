package io.undercurrent.inference;

import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.kernel.Functions;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.Network;
import io.undercurrent.model.Pool;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;

/**
 * Reads records, one at a time. Holds scratch and belongs to one thread; the model is shared.
 *
 * <p>The result and the next state are a function of the text, the state before and the model
 * alone: the same bits on every machine and JDK.
 */
public final class Inference {

  /** Tokens whose logits are computed in one product. */
  private static final int BLOCK = 23; // and the one after makes four passes of six rows

  private static final NextToken[] NOTHING = {};

  private final Tokenizer tokenizer;
  private final Network network;
  private final Kernels kernels;
  private final int maxTokens;
  private final int nextTokens;
  private final boolean languageModel;
  private final boolean[] offered; // (V) may be shown as a next word

  private final Network.Scratch scratch;
  private final Pool pool;
  private final float[] features; // (parts * H)
  private final float[] sentiment; // (C)
  private final float[] before; // (BLOCK + 1, H) states that next tokens are predicted from
  private final float[] logits; // (BLOCK + 1, V)

  /**
   * @param maxTokens tokens read of a record, at least 1
   * @param nextTokens how many likely next tokens are reported; 0 for none
   * @param languageModel whether surprise and next tokens are computed at all
   */
  public Inference(Model model, int maxTokens, int nextTokens, boolean languageModel) {
    this.tokenizer = model.tokenizer();
    this.network = model.network();
    this.kernels = Kernels.best();
    this.maxTokens = maxTokens;
    this.nextTokens = nextTokens;
    this.languageModel = languageModel;
    int hidden = model.config().hiddenSize();
    int vocabulary = model.config().vocabSize();
    scratch = network.scratch();
    pool = new Pool(model.config().pooling(), hidden);
    features = new float[model.config().pooling().parts() * hidden];
    sentiment = new float[model.config().classes()];
    before = new float[languageModel ? (BLOCK + 1) * hidden : 0];
    logits = new float[languageModel ? (BLOCK + 1) * vocabulary : 0];
    offered = new boolean[vocabulary];
    for (int id = 0; id < vocabulary; id++) {
      offered[id] = tokenizer.isWord(id);
    }
  }

  /**
   * Reads one record and moves {@code state} on past its end-of-record token. A text without tokens
   * leaves the state as it was.
   */
  public Reading read(String text, HiddenState state) {
    Encoding encoding = tokenizer.encode(text, maxTokens);
    int[] ids = encoding.ids();
    if (ids.length == 0) {
      return new Reading(0, 0, encoding.end(), encoding.truncated(), null, Double.NaN, NOTHING);
    }
    pool.clear();
    double bits = 0;
    for (int start = 0; start < ids.length; start += BLOCK) {
      int rows = Math.min(BLOCK, ids.length - start);
      for (int r = 0; r < rows; r++) {
        remember(state, r);
        network.step(ids[start + r], state, scratch);
        pool.add(state.top());
      }
      remember(state, rows); // what comes after the block is expected from here
      bits += surprise(ids, start, rows);
    }
    float[] probabilities = sentiment();
    NextToken[] next = next((ids.length - 1) % BLOCK + 1);
    network.step(tokenizer.endOfRecord(), state, scratch);
    return new Reading(
        ids.length,
        encoding.unknown(),
        encoding.end(),
        encoding.truncated(),
        probabilities,
        languageModel ? bits / ids.length : Double.NaN,
        next);
  }

  private float[] sentiment() {
    pool.features(features);
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
      System.arraycopy(h, 0, before, row * h.length, h.length);
    }
  }

  /**
   * Bits that tokens {@code [start, start + rows)} cost, given the states before each; leaves the
   * logits of what follows in the row after theirs.
   */
  private double surprise(int[] ids, int start, int rows) {
    if (!languageModel) {
      return 0;
    }
    int v = offered.length;
    network.nextTokenLogits(rows + 1, before, logits);
    double bits = 0;
    for (int r = 0; r < rows; r++) {
      double logit = logits[r * v + ids[start + r]];
      float max = Functions.max(logits, r * v, v);
      float sum = kernels.exponentials(logits, r * v, v, max);
      bits += (max - logit + StrictMath.log(sum)) / LN2;
    }
    return bits;
  }

  private static final double LN2 = 0.6931471805599453;

  /** The likeliest of the offered tokens, by the logits in {@code row}. */
  private NextToken[] next(int row) {
    if (!languageModel || nextTokens == 0) {
      return NOTHING;
    }
    int v = offered.length;
    int at = row * v;
    float max = Functions.max(logits, at, v);
    float sum = kernels.exponentials(logits, at, v, max);
    int[] top = new int[nextTokens];
    int found = 0;
    for (int id = 0; id < v; id++) {
      if (!offered[id]) {
        continue;
      }
      if (found < nextTokens || logits[at + id] > logits[at + top[found - 1]]) {
        int place = found < nextTokens ? found++ : found - 1;
        for (; place > 0 && logits[at + id] > logits[at + top[place - 1]]; place--) {
          top[place] = top[place - 1];
        }
        top[place] = id;
      }
    }
    NextToken[] next = new NextToken[found];
    for (int i = 0; i < found; i++) {
      next[i] = new NextToken(top[i], logits[at + top[i]] / sum);
    }
    return next;
  }
}
