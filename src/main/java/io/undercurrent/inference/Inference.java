package io.undercurrent.inference;

import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.kernel.Functions;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.Network;
import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.Pool;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import java.util.Arrays;

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
  private final Observer observer; // or null

  private final Network.Scratch scratch;
  private final Pool pool;
  private final float[] features; // (parts * H)
  private final float[] sentiment; // (C)
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
    features = new float[model.config().pooling().parts() * model.config().hiddenSize()];
    sentiment = new float[model.config().classes()];
    expected = languageModel ? network.nextToken().scratch(BLOCK + 1) : null;
    logProbabilities = new double[BLOCK + 1];
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
        if (observer != null) {
          observer.felt(start + r, sentiment());
        }
      }
      remember(state, rows); // what comes after the block is expected from here
      bits += surprise(ids, start, rows);
    }
    int last = (ids.length - 1) % BLOCK + 1; // the row of what comes after the record
    float[] probabilities = sentiment();
    NextToken[] next = languageModel && nextTokens > 0 ? top(last, offered, nextTokens) : NOTHING;
    observeEnd(last);
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
      System.arraycopy(h, 0, expected.h(), row * h.length, h.length);
    }
  }

  /**
   * Bits that tokens {@code [start, start + rows)} cost, given the states before each; leaves what
   * is expected after them in the row after theirs.
   */
  private double surprise(int[] ids, int start, int rows) {
    if (!languageModel) {
      return 0;
    }
    network.nextToken().expect(rows + 1, expected);
    network.nextToken().logProbabilities(rows, ids, start, logProbabilities, expected);
    double bits = 0;
    for (int r = 0; r < rows; r++) {
      bits -= logProbabilities[r] / LN2;
      observe(ids[start + r], r);
    }
    return bits;
  }

  private void observeEnd(int row) {
    if (observer != null && languageModel) {
      int[] ends = new int[row + 1];
      Arrays.fill(ends, tokenizer.endOfRecord());
      network.nextToken().logProbabilities(row + 1, ends, 0, logProbabilities, expected);
      observe(tokenizer.endOfRecord(), row);
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
    int found = network.nextToken().top(row, offered, ids, probabilities, expected);
    NextToken[] next = new NextToken[found];
    for (int i = 0; i < found; i++) {
      next[i] = new NextToken(ids[i], probabilities[i]);
    }
    return next;
  }
}
