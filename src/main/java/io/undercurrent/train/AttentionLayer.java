package io.undercurrent.train;

import io.undercurrent.kernel.Functions;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.RecordAttention;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@link RecordAttention} for B rows, forward and backward. Past records of earlier chunks are
 * carried over without gradient. In training m_r is not rounded to half precision; 5e-4 at most is
 * little beside dropout.
 */
final class AttentionLayer {

  private static final int EARLIER_CHUNK = -1;

  private final Weights weights;
  private final Kernels kernels;
  private final int most; // R
  private final int hidden; // H
  private final int size; // A
  private final float[] carried; // (B, R, H) oldest first
  private final float[] carriedCount; // (B) how many of R there are
  private final List<List<Past>> past; // (B) of this chunk's beginning and of the chunk
  private final List<Past> all = new ArrayList<>(); // all of the chunk

  AttentionLayer(ModelConfig config, Weights weights, Kernels kernels, int rows) {
    this.weights = weights;
    this.kernels = kernels;
    most = config.attention().records();
    hidden = config.hiddenSize();
    size = config.attention().size();
    carried = new float[rows * most * hidden];
    carriedCount = new float[rows];
    past = new ArrayList<>();
    for (int b = 0; b < rows; b++) {
      past.add(new ArrayList<>());
    }
  }

  void clear() {
    Arrays.fill(carriedCount, 0f);
  }

  List<float[]> carried() {
    return List.of(carried, carriedCount);
  }

  /** A record that ended. */
  private static final class Past {
    private final float[] m; // (H)
    private final int at; // where m lies in the chunk's out, or EARLIER_CHUNK
    private float[] k; // (A), once it was looked at
    private float[] dm; // (H)
    private float[] dk; // (A)

    Past(float[] m, int at) {
      this.m = m;
      this.at = at;
    }
  }

  /**
   * What one record saw.
   *
   * @param h (H)
   * @param q (A)
   * @param a (1 + r) weights, of nothing first
   */
  record Look(List<Past> records, float[] h, float[] q, float[] a) {}

  /** Begins a chunk with what the last one left. */
  void begin() {
    all.clear();
    for (int b = 0; b < past.size(); b++) {
      past.get(b).clear();
      for (int r = 0; r < (int) carriedCount[b]; r++) {
        int from = (b * most + r) * hidden;
        past.get(b).add(new Past(Arrays.copyOfRange(carried, from, from + hidden), EARLIER_CHUNK));
      }
      all.addAll(past.get(b));
    }
  }

  /** Row b starts afresh. */
  void forget(int b) {
    past.get(b).clear();
  }

  /** A record of row b has ended with the h at {@code at}. */
  void remember(int b, float[] out, int at) {
    Past record = new Past(Arrays.copyOfRange(out, at, at + hidden), at);
    all.add(record);
    List<Past> row = past.get(b);
    row.add(record);
    if (row.size() > most) {
      row.remove(0);
    }
  }

  /** Looks back from h, the first H of {@code features}, and writes the context after them. */
  Look look(int b, float[] features, int context) {
    float[] p = weights.parameters.values();
    float[] h = Arrays.copyOf(features, hidden);
    float[] q = product(h, weights.parameters.offset("attention.query.weight"));
    List<Past> records = List.copyOf(past.get(b));
    float[] a = new float[1 + records.size()];
    a[0] = p[weights.parameters.offset("attention.null")];
    for (int r = 0; r < records.size(); r++) {
      Past record = records.get(r);
      if (record.k == null) {
        record.k = product(record.m, weights.parameters.offset("attention.key.weight"));
        record.dk = new float[size];
        record.dm = new float[hidden];
      }
      float dot = 0;
      for (int i = 0; i < size; i++) {
        dot += q[i] * record.k[i];
      }
      a[1 + r] = dot / root();
    }
    float max = Functions.max(a, 0, a.length);
    float sum = kernels.exponentials(a, 0, a.length, max, new float[Kernels.PARTIAL_SUMS]);
    for (int r = 0; r < a.length; r++) {
      a[r] /= sum;
    }
    for (int r = 0; r < records.size(); r++) {
      for (int u = 0; u < hidden; u++) {
        features[context + u] += a[1 + r] * records.get(r).m[u];
      }
    }
    return new Look(records, h, q, a);
  }

  /**
   * The way back from {@link #look}, all but what flows through keys and past records: with the
   * gradient d of the context
   *
   * <pre>
   *   da_r = d . m_r      dm_r += a_r d
   *   ds_r = a_r (da_r - sum_j a_j da_j)      where da_null = 0
   *   dq = sum_r ds_r k_r / sqrt(A)      dk_r += ds_r q / sqrt(A)
   *   dW_q += dq h^T      dh += W_q^T dq
   * </pre>
   *
   * @param dFeatures the gradient of the context from {@code context} on
   * @param dOut where the gradient of h is added from {@code last} on
   */
  void backward(
      Look look, float[] dFeatures, int context, float[] dOut, int last, Parameters gradients) {
    int count = look.records.size();
    float[] da = new float[1 + count];
    float mean = 0;
    for (int r = 0; r < count; r++) {
      Past record = look.records.get(r);
      float a = look.a[1 + r];
      float dot = 0;
      for (int u = 0; u < hidden; u++) {
        dot += dFeatures[context + u] * record.m[u];
        record.dm[u] += a * dFeatures[context + u];
      }
      da[1 + r] = dot;
      mean += a * dot;
    }
    gradients.values()[gradients.offset("attention.null")] -= look.a[0] * mean;
    float[] dq = new float[size];
    for (int r = 0; r < count; r++) {
      Past record = look.records.get(r);
      float ds = look.a[1 + r] * (da[1 + r] - mean) / root();
      for (int i = 0; i < size; i++) {
        dq[i] += ds * record.k[i];
        record.dk[i] += ds * look.q[i];
      }
    }
    productBackward("attention.query.weight", look.h, dq, dOut, last, gradients);
  }

  /** Ends a chunk: the gradients of past records and keys, and what is carried over. */
  void end(float[] dOut, Parameters gradients) {
    for (Past record : all) {
      if (record.k != null) {
        productBackward("attention.key.weight", record.m, record.dk, record.dm, 0, gradients);
        for (int u = 0; u < hidden && record.at != EARLIER_CHUNK; u++) {
          dOut[record.at + u] += record.dm[u];
        }
      }
    }
    for (int b = 0; b < past.size(); b++) {
      List<Past> row = past.get(b);
      carriedCount[b] = row.size();
      for (int r = 0; r < row.size(); r++) {
        System.arraycopy(row.get(r).m, 0, carried, (b * most + r) * hidden, hidden);
      }
    }
  }

  private float root() {
    return (float) Math.sqrt(size);
  }

  /** W x for a weight (A, H) at {@code w}. */
  private float[] product(float[] x, int w) {
    float[] p = weights.parameters.values();
    float[] y = new float[size];
    for (int i = 0; i < size; i++) {
      float sum = 0;
      for (int u = 0; u < hidden; u++) {
        sum += p[w + i * hidden + u] * x[u];
      }
      y[i] = sum;
    }
    return y;
  }

  /** {@code dW += dy x^T} and {@code dx += W^T dy}. */
  private void productBackward(
      String name, float[] x, float[] dy, float[] dx, int at, Parameters gradients) {
    float[] p = weights.parameters.values();
    float[] g = gradients.values();
    int w = weights.parameters.offset(name);
    for (int i = 0; i < size; i++) {
      for (int u = 0; u < hidden; u++) {
        g[w + i * hidden + u] += dy[i] * x[u];
        dx[at + u] += dy[i] * p[w + i * hidden + u];
      }
    }
  }
}
