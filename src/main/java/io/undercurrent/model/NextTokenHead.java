package io.undercurrent.model;

import io.undercurrent.kernel.Functions;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;

/**
 * The head that says which token comes next. Immutable and thread-safe; scratch is the caller's.
 *
 * <p>A softmax over the frequent tokens and over one output for each cluster of rarer ones; inside
 * a cluster another softmax, over fewer inputs (Grave et al. 2017):
 *
 * <pre>
 *   p(w) = head(w)                            for a frequent token
 *   p(w) = head(cluster i) * tail_i(w)        for one of cluster i
 * </pre>
 *
 * <p>A head without clusters is the plain softmax. What a cluster costs is paid only where one of
 * its tokens came, or could be among the likeliest. A probability is never reported as less than
 * e^-87 of the likeliest's.
 */
public final class NextTokenHead {

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

  /** So many rows that no product needs buffers; those past {@code rows} are of no consequence. */
  private int padded(int rows) {
    int atOnce = kernels.rowsAtOnce();
    return rows == 1 ? 1 : (rows + atOnce - 1) / atOnce * atOnce;
  }

  /** Buffers for up to {@code rows} positions at once. */
  public Scratch scratch(int rows) {
    return new Scratch(this, rows);
  }

  /** What is expected at some positions, after {@link #expect}; owned by one thread. */
  public static final class Scratch {
    private final float[] h; // (rows, H)
    private final float[] projected; // (rows, E)
    private final float[] e; // (rows, outputs) exponentials of the head's logits
    private final float[] sum; // (rows) their sums
    private final int[] member; // (rows)
    private final float[] memberH; // (rows, H)
    private final float[] narrow; // (rows, D)
    private final float[] tail; // (rows, tokens of a cluster) exponentials

    private Scratch(NextTokenHead head, int most) {
      int rows = head.padded(most);
      int widest = 0;
      int largest = 0;
      for (int i = 0; i < head.clusters; i++) {
        widest = Math.max(widest, head.tail[i].k());
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
    }

    /** Where the caller writes the top hidden states before {@link #expect}, (rows, H). */
    public float[] h() {
      return h;
    }
  }

  /** Computes what comes after the first {@code rows} hidden states of {@link Scratch#h}. */
  public void expect(int rows, Scratch s) {
    int m = padded(rows);
    float[] features = s.h;
    if (projection != null) {
      projection.multiply(m, s.h, s.projected);
      features = s.projected;
    }
    head.multiply(m, features, s.e);
    for (int r = 0; r < rows; r++) {
      int at = r * outputs;
      for (int j = 0; j < outputs; j++) {
        s.e[at + j] += headBias[j];
      }
      s.sum[r] = softmax(s.e, at, outputs);
    }
  }

  /** Replaces logits by their exponentials and returns the sum of these. */
  private float softmax(float[] x, int at, int n) {
    return kernels.exponentials(x, at, n, Functions.max(x, at, n));
  }

  /**
   * Natural logarithms of the probabilities that row r gave {@code tokens[from + r]}, for rows [0,
   * rows).
   */
  public void logProbabilities(int rows, int[] tokens, int from, double[] out, Scratch s) {
    for (int r = 0; r < rows; r++) {
      int token = tokens[from + r];
      if (token < start[0]) {
        out[r] = log(s.e[r * outputs + token], s.sum[r]);
      }
    }
    for (int i = 0; i < clusters; i++) {
      int members = 0;
      for (int r = 0; r < rows; r++) {
        int token = tokens[from + r];
        if (token >= start[i] && token < start[i + 1]) {
          s.member[members++] = r;
        }
      }
      tail(i, members, s);
      int size = start[i + 1] - start[i];
      for (int m = 0; m < members; m++) {
        int r = s.member[m];
        float sum = softmax(s.tail, m * size, size);
        out[r] =
            log(s.e[r * outputs + start[0] + i], s.sum[r])
                + log(s.tail[m * size + tokens[from + r] - start[i]], sum);
      }
    }
  }

  private static double log(float e, float sum) {
    return StrictMath.log((double) e / sum);
  }

  /** Logits of cluster i for the rows listed in {@link Scratch#member}. */
  private void tail(int i, int members, Scratch s) {
    if (members == 0) {
      return;
    }
    for (int m = 0; m < members; m++) {
      System.arraycopy(s.h, s.member[m] * hidden, s.memberH, m * hidden, hidden);
    }
    int m = padded(members);
    narrow[i].multiply(m, s.memberH, s.narrow);
    tail[i].multiply(m, s.narrow, s.tail);
  }

  /**
   * The likeliest of the offered tokens at row r, most probable first, the lower id where two are
   * alike.
   *
   * @param offered (V) whether a token may be among them
   * @param ids out; its length is how many are wanted
   * @param probabilities out, as long
   * @return how many were found
   */
  public int top(int r, boolean[] offered, int[] ids, float[] probabilities, Scratch s) {
    float sum = s.sum[r];
    int at = r * outputs;
    int found = 0;
    for (int id = 0; id < start[0]; id++) {
      if (offered[id]) {
        found = insert(id, s.e[at + id] / sum, ids, probabilities, found);
      }
    }
    for (int i = 0; i < clusters; i++) {
      float whole = s.e[at + start[0] + i] / sum;
      if (found == ids.length && whole <= probabilities[found - 1]) {
        continue; // none of its tokens can be likelier than the cluster
      }
      s.member[0] = r;
      tail(i, 1, s);
      int size = start[i + 1] - start[i];
      float tailSum = softmax(s.tail, 0, size);
      for (int j = 0; j < size; j++) {
        if (offered[start[i] + j]) {
          float p = whole * (s.tail[j] / tailSum);
          found = insert(start[i] + j, p, ids, probabilities, found);
        }
      }
    }
    return found;
  }

  private static int insert(int id, float p, int[] ids, float[] probabilities, int found) {
    if (found == ids.length && (found == 0 || p <= probabilities[found - 1])) {
      return found;
    }
    int place = found < ids.length ? found : found - 1;
    for (; place > 0 && p > probabilities[place - 1]; place--) {
      ids[place] = ids[place - 1];
      probabilities[place] = probabilities[place - 1];
    }
    ids[place] = id;
    probabilities[place] = p;
    return Math.min(found + 1, ids.length);
  }

  /**
   * Whether an offered token is among those that {@link #top} finds at row r; for one that is as
   * likely as another to a ten-thousandth, either answer may come. Costs a pass over the frequent
   * tokens; the clusters' are looked at only where it depends on them.
   *
   * @param logProbability natural logarithm of what the token has
   * @param most how many the likeliest are, at least 1
   */
  public boolean isAmongTop(
      int r, int token, double logProbability, boolean[] offered, int most, Scratch s) {
    double p = StrictMath.exp(logProbability);
    float larger = (float) (p * 1.0001 * s.sum[r]); // is likelier, however it was rounded
    int at = r * outputs;
    int likelier = 0;
    for (int id = 0; id < start[0]; id++) {
      if (s.e[at + id] > larger && offered[id]) {
        likelier++;
      }
    }
    if (likelier >= most) {
      return false;
    }
    double perhaps = likelier; // in a cluster so many at most, or its share would not suffice
    for (int i = 0; i < clusters; i++) {
      perhaps += Math.floor(s.e[at + start[0] + i] / s.sum[r] / p);
    }
    if (perhaps < most) {
      return true;
    }
    int[] ids = new int[most];
    int found = top(r, offered, ids, new float[most], s);
    for (int i = 0; i < found; i++) {
      if (ids[i] == token) {
        return true;
      }
    }
    return false;
  }

  /**
   * The probabilities of {@code tokens[0 .. n)} at row r, in any order; a cluster costs something
   * only where one of them is in it.
   */
  void probabilities(int r, int[] tokens, int n, float[] out, Scratch s) {
    for (int m = 0; m < n; m++) {
      if (tokens[m] < start[0]) {
        out[m] = s.e[r * outputs + tokens[m]] / s.sum[r];
      }
    }
    for (int i = 0; i < clusters; i++) {
      float whole = s.e[r * outputs + start[0] + i] / s.sum[r];
      int size = start[i + 1] - start[i];
      float sum = Float.NaN; // not yet computed
      for (int m = 0; m < n; m++) {
        int j = tokens[m] - start[i];
        if (j >= 0 && j < size) {
          if (Float.isNaN(sum)) {
            s.member[0] = r;
            tail(i, 1, s);
            sum = softmax(s.tail, 0, size);
          }
          out[m] = whole * (s.tail[j] / sum);
        }
      }
    }
  }

  /** The probabilities (V) of all tokens at row r. */
  public void probabilities(int r, float[] out, Scratch s) {
    int at = r * outputs;
    for (int id = 0; id < start[0]; id++) {
      out[id] = s.e[at + id] / s.sum[r];
    }
    for (int i = 0; i < clusters; i++) {
      float whole = s.e[at + start[0] + i] / s.sum[r];
      s.member[0] = r;
      tail(i, 1, s);
      int size = start[i + 1] - start[i];
      float sum = softmax(s.tail, 0, size);
      for (int j = 0; j < size; j++) {
        out[start[i] + j] = whole * (s.tail[j] / sum);
      }
    }
  }

  public int vocabSize() {
    return vocabSize;
  }
}
