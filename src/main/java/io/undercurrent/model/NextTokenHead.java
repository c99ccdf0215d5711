package io.undercurrent.model;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.kernel.ProductScratch;

/**
 * The head that says which token comes next. Immutable and thread-safe; scratch is the caller's.
 *
 * <p>One softmax covers the frequent tokens and one output for each cluster of rarer tokens. Inside
 * each cluster another softmax reads fewer inputs (Grave et al. 2017):
 *
 * <pre>
 *   p(w) = head(w)                            for a frequent token
 *   p(w) = head(cluster i) * tail_i(w)        for one of cluster i
 * </pre>
 *
 * <p>A head without clusters is a plain softmax. A cluster is computed only where one of its tokens
 * came, or where one could be among the most probable. No probability is reported as less than
 * e^-87 of the highest.
 *
 * <p>This is the definition of the probabilities. Training has its own forward pass with a backward
 * pass; {@code ServedForwardTest} checks that both give the same at every shape.
 *
 * <p>Only {@link #scratch} and the first product with it allocate.
 */
public final class NextTokenHead {

  /**
   * Tokens are searched in blocks of this size; the largest value says whether a block is searched
   * at all.
   */
  private static final int BLOCK = 256;

  private final Kernels kernels;
  private final int vocabSize; // V
  private final int hidden; // H
  private final int outputs; // frequent tokens + clusters
  private final int clusters;
  private final int[] start; // (clusters + 1) first token of each cluster, and V
  private final PackedMatrix projection; // (H, E), or null where there is none
  private final PackedMatrix head; // (H or E, outputs)
  private final float[] headBias; // (outputs)
  private final PackedMatrix[] narrow; // (clusters) of (H, D)
  private final PackedMatrix[] tail; // (clusters) of (D, tokens of the cluster)

  NextTokenHead(ModelConfig config, Parameters parameters, Kernels kernels) {
    this.kernels = kernels;
    vocabSize = config.vocabSize();
    hidden = config.hiddenSize();
    outputs = config.headSize();
    clusters = config.nextToken().clusters();
    start = new int[clusters + 1];
    narrow = new PackedMatrix[clusters];
    tail = new PackedMatrix[clusters];
    projection =
        config.projected()
            ? packed(parameters, "next_token.projection.weight", hidden, config.embeddingSize())
            : null;
    int features = config.projected() ? config.embeddingSize() : hidden;
    head = packed(parameters, config.headWeight(), features, outputs);
    headBias = parameters.copy(config.headBias());
    for (int i = 0; i <= clusters; i++) {
      start[i] = config.clusterStart(i);
    }
    for (int i = 0; i < clusters; i++) {
      int d = config.clusterSize(i);
      String name = "next_token.tail." + i;
      narrow[i] = packed(parameters, name + ".0.weight", hidden, d);
      tail[i] = packed(parameters, name + ".1.weight", d, start[i + 1] - start[i]);
    }
  }

  private PackedMatrix packed(Parameters parameters, String name, int in, int out) {
    PackedMatrix matrix = kernels.matrix(in, out);
    matrix.pack(parameters.values(), parameters.offset(name), 1, in);
    return matrix;
  }

  /** Buffers for up to {@code rows} positions at once. */
  public Scratch scratch(int rows) {
    return new Scratch(this, rows);
  }

  /** The results of {@link #expect} at some positions. Owned by one thread. */
  public static final class Scratch {
    private final float[] h; // (rows, H)
    private final float[] projected; // (rows, E)
    private final float[] e; // (rows, outputs) exponentials of the head's logits
    private final float[] sum; // (rows) their sums
    private final int[] member; // (rows)
    private final float[] memberH; // (rows, H)
    private final float[] narrow; // (rows, D)
    private final float[] tail; // (rows, tokens of a cluster) exponentials
    private final float[] tailSum; // (rows) their sums
    private final float[] sums = new float[Kernels.PARTIAL_SUMS];
    private final ProductScratch buffers = new ProductScratch();
    private long searched;
    private long skipped;

    private Scratch(NextTokenHead head, int maxRows) {
      int rows = head.kernels.paddedRows(maxRows);
      int widest = 0;
      int largest = 0;
      for (int i = 0; i < head.clusters; i++) {
        widest = Math.max(widest, head.narrow[i].n());
        largest = Math.max(largest, head.tail[i].n());
      }
      h = new float[rows * head.hidden];
      projected = new float[head.projection == null ? 0 : rows * head.projection.n()];
      e = new float[Math.multiplyExact(rows, head.outputs)];
      sum = new float[rows];
      member = new int[rows];
      memberH = new float[head.clusters == 0 ? 0 : rows * head.hidden];
      narrow = new float[rows * widest];
      tail = new float[Math.multiplyExact(rows, largest)];
      tailSum = new float[rows];
    }

    /** The top hidden states (rows, H), which the caller writes before {@link #expect}. */
    public float[] h() {
      return h;
    }

    /**
     * The number of clusters that {@link #read} has searched for likely tokens, counted for each
     * row.
     */
    public long searchedClusters() {
      return searched;
    }

    /**
     * The number of clusters that it has skipped, because none of their tokens could be likely
     * enough.
     */
    public long skippedClusters() {
      return skipped;
    }
  }

  /**
   * Computes the first softmax after each of the first {@code rows} hidden states of {@link
   * Scratch#h}.
   */
  public void expect(int rows, Scratch s) {
    int m = kernels.paddedRows(rows);
    if (projection == null) {
      head.multiply(m, s.h, s.e, s.buffers);
    } else {
      projection.multiply(m, s.h, s.projected, s.buffers);
      head.multiply(m, s.projected, s.e, s.buffers);
    }
    for (int r = 0; r < rows; r++) {
      int at = r * outputs;
      for (int j = 0; j < outputs; j++) {
        s.e[at + j] += headBias[j];
      }
      s.sum[r] = softmax(s.e, at, outputs, s);
    }
  }

  /** Replaces logits by their exponentials, and returns the sum of the exponentials. */
  private float softmax(float[] x, int at, int n, Scratch s) {
    return kernels.exponentials(x, at, n, kernels.max(x, at, n), s.sums);
  }

  /**
   * Computes the probability that each of the rows [0, rows) gave to the token that came, and the
   * most probable tokens of some rows. A cluster takes one product for all rows that need it: those
   * whose token is in it, and those for which it may hold one of the k most probable tokens. A
   * row's results do not depend on other rows.
   *
   * @param tokens (rows) the token that came after each row
   * @param logProbabilities (rows) out: natural logarithms of their probabilities
   * @param wanted (rows) whether the most probable tokens of the row are wanted
   * @param offered (V) whether a token may be among these
   * @param topK out: the most probable tokens, row by row; null if no row wants them
   */
  public void read(
      int rows,
      int[] tokens,
      double[] logProbabilities,
      boolean[] wanted,
      boolean[] offered,
      TopK topK,
      Scratch s) {
    for (int r = 0; r < rows; r++) {
      if (tokens[r] < start[0]) {
        logProbabilities[r] = log(s.e[r * outputs + tokens[r]], s.sum[r]);
      }
      if (wanted[r]) {
        searchHead(r, offered, topK, r, s);
      }
    }
    for (int i = 0; i < clusters; i++) {
      int members = 0;
      for (int r = 0; r < rows; r++) {
        boolean may = wanted[r] && topK.takes(r, whole(r, i, s));
        if (may) {
          s.searched++;
        } else if (wanted[r]) {
          s.skipped++;
        }
        if (may || isIn(i, tokens[r])) {
          s.member[members++] = r;
        }
      }
      tail(i, members, s);
      for (int m = 0; m < members; m++) {
        int r = s.member[m];
        if (isIn(i, tokens[r])) {
          logProbabilities[r] =
              log(s.e[r * outputs + start[0] + i], s.sum[r])
                  + log(s.tail[m * size(i) + tokens[r] - start[i]], s.tailSum[m]);
        }
        if (wanted[r] && topK.takes(r, whole(r, i, s))) {
          searchTail(i, m, offered, topK, r, s);
        }
      }
    }
  }

  /** The number of tokens in cluster i. */
  private int size(int i) {
    return start[i + 1] - start[i];
  }

  private boolean isIn(int i, int token) {
    return token >= start[i] && token < start[i + 1];
  }

  /** The probability of cluster i as a whole at row r. */
  private float whole(int r, int i, Scratch s) {
    return s.e[r * outputs + start[0] + i] / s.sum[r];
  }

  private static double log(float e, float sum) {
    return StrictMath.log((double) e / sum);
  }

  /**
   * Computes the exponentials of cluster i's logits and their sums, for the rows in {@link
   * Scratch#member}.
   */
  private void tail(int i, int members, Scratch s) {
    if (members == 0) {
      return;
    }
    for (int m = 0; m < members; m++) {
      System.arraycopy(s.h, s.member[m] * hidden, s.memberH, m * hidden, hidden);
    }
    int rows = kernels.paddedRows(members);
    narrow[i].multiply(rows, s.memberH, s.narrow, s.buffers);
    tail[i].multiply(rows, s.narrow, s.tail, s.buffers);
    for (int m = 0; m < members; m++) {
      s.tailSum[m] = softmax(s.tail, m * size(i), size(i), s);
    }
  }

  /**
   * Finds the most probable of the offered tokens at row r.
   *
   * @param offered (V) whether a token may be among them
   * @param topK out: its row 0
   */
  public void top(int r, boolean[] offered, TopK topK, Scratch s) {
    searchHead(r, offered, topK, 0, s);
    for (int i = 0; i < clusters; i++) {
      if (topK.takes(0, whole(r, i, s))) {
        s.member[0] = r;
        tail(i, 1, s);
        searchTail(i, 0, offered, topK, 0, s);
      }
    }
  }

  private void searchHead(int r, boolean[] offered, TopK topK, int row, Scratch s) {
    topK.clear(row);
    search(s.e, r * outputs, start[0], s.sum[r], 1f, offered, 0, topK, row);
  }

  private void searchTail(int i, int m, boolean[] offered, TopK topK, int row, Scratch s) {
    int size = size(i);
    float whole = whole(s.member[m], i, s);
    search(s.tail, m * size, size, s.tailSum[m], whole, offered, start[i], topK, row);
  }

  /**
   * Adds the most probable of n tokens, from {@code first} on. Probabilities are in the order of
   * their exponentials, so a token is skipped if its exponential is not above one that was too
   * small.
   */
  private void search(
      float[] e,
      int at,
      int n,
      float sum,
      float whole,
      boolean[] offered,
      int first,
      TopK topK,
      int row) {
    float tooSmall = -1f; // the largest exponential that was too small
    for (int from = 0; from < n; from += BLOCK) {
      int to = Math.min(n, from + BLOCK);
      if (kernels.max(e, at + from, to - from) <= tooSmall) {
        continue;
      }
      for (int j = from; j < to; j++) {
        float x = e[at + j];
        if (x <= tooSmall || !offered[first + j]) {
          continue;
        }
        float p = whole * (x / sum);
        if (topK.takes(row, p)) {
          topK.add(row, first + j, p);
        } else {
          tooSmall = x;
        }
      }
    }
  }

  /**
   * Computes the probabilities of {@code tokens[0 .. n)} at row r, in any order. A cluster is
   * computed only if one of the tokens is in it.
   */
  void probabilities(int r, int[] tokens, int n, float[] out, Scratch s) {
    for (int m = 0; m < n; m++) {
      if (tokens[m] < start[0]) {
        out[m] = s.e[r * outputs + tokens[m]] / s.sum[r];
      }
    }
    for (int i = 0; i < clusters; i++) {
      boolean computed = false;
      for (int m = 0; m < n; m++) {
        if (isIn(i, tokens[m])) {
          if (!computed) {
            s.member[0] = r;
            tail(i, 1, s);
            computed = true;
          }
          out[m] = whole(r, i, s) * (s.tail[tokens[m] - start[i]] / s.tailSum[0]);
        }
      }
    }
  }

  /** Computes the probabilities (V) of all tokens at row r. */
  public void probabilities(int r, float[] out, Scratch s) {
    int at = r * outputs;
    for (int id = 0; id < start[0]; id++) {
      out[id] = s.e[at + id] / s.sum[r];
    }
    for (int i = 0; i < clusters; i++) {
      float whole = whole(r, i, s);
      s.member[0] = r;
      tail(i, 1, s);
      for (int j = 0; j < size(i); j++) {
        out[start[i] + j] = whole * (s.tail[j] / s.tailSum[0]);
      }
    }
  }

  /** V. */
  public int vocabSize() {
    return vocabSize;
  }
}
