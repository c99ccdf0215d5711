package io.undercurrent.model;

import static io.undercurrent.kernel.Fma.fma;

import io.undercurrent.kernel.Float16;
import io.undercurrent.kernel.Kernels;
import java.util.Arrays;
import java.util.List;

/**
 * A continuous cache (Grave, Joulin and Usunier 2017): it holds the last N pairs of a hidden state
 * and the token that came after it. Tokens that came after states like the present one are expected
 * again:
 *
 * <pre>
 *   e_i = exp(theta * h . h_i)
 *   p_cache(w) = sum over i with token_i = w of e_i / sum over all i of e_i
 *   p(w) = (1 - lambda) * p_model(w) + lambda * p_cache(w)
 * </pre>
 *
 * <p>h is the top hidden state, h_i are past ones in half precision. Without any pair p is p_model.
 * End-of-record tokens are in pairs like other tokens. Nothing is learnt. Serves one record of one
 * key at a time; owned by one thread.
 */
public final class ContinuousCache {

  private final Kernels kernels;
  private final int capacity; // N
  private final float theta;
  private final double lambda;
  private final float[][] h; // (H, 2N), so that all pairs' products with one value are one loop
  private final int[] token; // (2N)
  private final long[] record; // (2N)
  private final int[] position; // (2N)
  private final float[] e; // (2N), of the pairs [start, end)
  private final float[] sums = new float[Kernels.PARTIAL_SUMS];
  private float sum;
  private int start;
  private int end;

  private final double[] mass; // (V) of offered tokens, zero between calls
  private final int[] cached; // (N) tokens with mass
  private final float[] model; // (N) their probabilities without the cache

  public ContinuousCache(ModelConfig config, Kernels kernels) {
    this.kernels = kernels;
    capacity = config.cache().tokens();
    theta = config.cache().theta();
    lambda = config.cache().lambda();
    h = new float[config.hiddenSize()][2 * capacity];
    token = new int[2 * capacity];
    record = new long[2 * capacity];
    position = new int[2 * capacity];
    e = new float[2 * capacity];
    mass = new double[config.vocabSize()];
    cached = new int[capacity];
    model = new float[capacity];
  }

  /** Replaces its content by the last N pairs of a key's past records, which come oldest first. */
  public void fill(List<Memory.Entry> past, int endOfRecord) {
    start = 0;
    end = 0;
    int skip = -capacity;
    for (Memory.Entry entry : past) {
      skip += entry.h().length;
    }
    for (Memory.Entry entry : past) {
      short[][] rows = entry.h();
      int from = Math.min(rows.length, Math.max(0, skip));
      skip -= rows.length;
      for (int u = 0; u < h.length; u++) {
        float[] ofUnit = h[u];
        for (int i = from; i < rows.length; i++) {
          ofUnit[end + i - from] = Float16.toFloat(rows[i][u]);
        }
      }
      int[] tokens = entry.tokens();
      for (int i = from; i < rows.length; i++) {
        int at = tokens.length + 1 - rows.length + i;
        label(at < tokens.length ? tokens[at] : endOfRecord, entry.record(), at + 1);
      }
    }
  }

  private void label(int ofToken, long ofRecord, int atPosition) {
    token[end] = ofToken;
    record[end] = ofRecord;
    position[end] = atPosition;
    end++;
  }

  /**
   * Adds a pair; if there are N pairs, the oldest is removed.
   *
   * @param from holds the h (H) before the token from {@code offset} on; it is rounded to half
   *     precision
   * @param atPosition the token's position in its record, from 1
   */
  public void add(float[] from, int offset, int ofToken, long ofRecord, int atPosition) {
    if (end - start == capacity) {
      start++;
    }
    if (end == token.length) {
      int n = end - start;
      for (float[] ofUnit : h) {
        System.arraycopy(ofUnit, start, ofUnit, 0, n);
      }
      System.arraycopy(token, start, token, 0, n);
      System.arraycopy(record, start, record, 0, n);
      System.arraycopy(position, start, position, 0, n);
      start = 0;
      end = n;
    }
    for (int u = 0; u < h.length; u++) {
      h[u][end] = Float16.toFloat(Float16.fromFloat(from[offset + u]));
    }
    label(ofToken, ofRecord, atPosition);
  }

  /** Compares the h (H) at {@code offset} with the h of every pair. */
  public void expect(float[] query, int offset) {
    if (end == start) {
      return;
    }
    Arrays.fill(e, start, end, 0f);
    int u = 0;
    for (; u + 4 <= h.length; u += 4) {
      fourProducts(
          query[offset + u],
          query[offset + u + 1],
          query[offset + u + 2],
          query[offset + u + 3],
          h[u],
          h[u + 1],
          h[u + 2],
          h[u + 3],
          e,
          start,
          end);
    }
    for (; u < h.length; u++) {
      float q = query[offset + u];
      for (int i = start; i < end; i++) {
        e[i] = fma(q, h[u][i], e[i]);
      }
    }
    for (int i = start; i < end; i++) {
      e[i] *= theta;
    }
    int n = end - start;
    sum = kernels.exponentials(e, start, n, kernels.max(e, start, n), sums);
  }

  private static void fourProducts(
      float q0,
      float q1,
      float q2,
      float q3,
      float[] h0,
      float[] h1,
      float[] h2,
      float[] h3,
      float[] e,
      int start,
      int end) {
    for (int i = start; i < end; i++) {
      e[i] = fma(q3, h3[i], fma(q2, h2[i], fma(q1, h1[i], fma(q0, h0[i], e[i]))));
    }
  }

  /**
   * The natural logarithm of a token's probability, after {@link #expect}.
   *
   * @param ofModel the logarithm of the model's probability for it
   */
  public double logProbability(double ofModel, int ofToken) {
    if (end == start) {
      return ofModel;
    }
    double same = 0;
    for (int i = start; i < end; i++) {
      if (token[i] == ofToken) {
        same += e[i];
      }
    }
    return StrictMath.log(mixed(StrictMath.exp(ofModel), same));
  }

  private double mixed(double ofModel, double same) {
    return (1 - lambda) * ofModel + lambda * (same / sum);
  }

  /**
   * Replaces the model's most probable tokens by those of model and cache together, after {@link
   * #expect}. Only the model's most probable tokens and the tokens in the cache can be among these.
   *
   * @param r the head's row of this position
   * @param topK in: the most probable tokens without the cache, in row {@code row}; out: with the
   *     cache
   */
  public void top(
      NextTokenHead head, int r, boolean[] offered, TopK topK, int row, NextTokenHead.Scratch s) {
    if (end == start) {
      return;
    }
    int found = topK.count(row);
    int tokens = 0;
    for (int i = start; i < end; i++) {
      if (offered[token[i]]) {
        if (mass[token[i]] == 0) {
          cached[tokens++] = token[i];
        }
        mass[token[i]] += e[i];
      }
    }
    head.probabilities(r, cached, tokens, model, s);
    int[] candidates = new int[found + tokens];
    double[] mixed = new double[found + tokens];
    int n = 0;
    for (int i = 0; i < found; i++) {
      int id = topK.id(row, i);
      if (mass[id] == 0) {
        double p = mixed(topK.probability(row, i), 0);
        n = insert(id, p, candidates, mixed, n, topK.k());
      }
    }
    for (int i = 0; i < tokens; i++) {
      double p = mixed(model[i], mass[cached[i]]);
      n = insert(cached[i], p, candidates, mixed, n, topK.k());
      mass[cached[i]] = 0;
    }
    topK.clear(row);
    for (int i = 0; i < n; i++) {
      topK.add(row, candidates[i], (float) mixed[i]);
    }
  }

  /**
   * Inserts a token, most probable first, the lower id first where two are alike. Keeps at most
   * {@code max} tokens.
   */
  private static int insert(int id, double p, int[] ids, double[] ps, int n, int max) {
    int index = n;
    for (; index > 0 && better(id, p, ids[index - 1], ps[index - 1]); index--) {
      ids[index] = ids[index - 1];
      ps[index] = ps[index - 1];
    }
    ids[index] = id;
    ps[index] = p;
    return Math.min(n + 1, max);
  }

  private static boolean better(int id, double p, int other, double otherP) {
    return p > otherP || p == otherP && id < other;
  }

  /**
   * The pairs with the largest weights after {@link #expect}, among pairs whose token is offered;
   * of two equal weights the later pair comes first.
   *
   * @param max the maximum number of pairs
   */
  public List<Pair> heaviest(boolean[] offered, int max) {
    int[] at = new int[max + 1];
    int n = 0;
    for (int i = end - 1; i >= start; i--) {
      if (offered[token[i]]) {
        int index = n;
        for (; index > 0 && e[i] > e[at[index - 1]]; index--) {
          at[index] = at[index - 1];
        }
        at[index] = i;
        n = Math.min(n + 1, max);
      }
    }
    Pair[] pairs = new Pair[n];
    for (int i = 0; i < n; i++) {
      int p = at[i];
      pairs[i] = new Pair(record[p], position[p], token[p], e[p] / sum);
    }
    return List.of(pairs);
  }

  /**
   * A pair and its weight.
   *
   * @param record the number of its record among the key's records
   * @param position of the token in the record, from 1
   * @param weight its share in the cache; the shares of all pairs add up to 1
   */
  public record Pair(long record, int position, int token, float weight) {}
}
