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
 * Attention over past records for B rows, forward and backward. {@link RecordAttention} defines the
 * forward pass; {@code ServedForwardTest} holds this layer to it at every shape. One difference is
 * deliberate: training does not round m_r to half precision, an error of at most 5e-4. Past records
 * of earlier chunks get no gradient. Owned by one thread at a time.
 */
final class AttentionLayer {

  /** {@link Past#at} of a record that ended in an earlier chunk. */
  private static final int EARLIER_CHUNK = -1;

  private final Weights weights;
  private final Kernels kernels;
  private final int maxRecords; // R
  private final int hidden; // H
  private final int size; // A
  private final float[] carried; // (B, R, H) oldest first
  private final float[] carriedCount; // (B) records that row b has carried, at most R
  private final List<List<Past>> past; // (B) records that row b can look at now
  private final List<Past> all =
      new ArrayList<>(); // every record of the chunk, also those that are out of reach now

  AttentionLayer(ModelConfig config, Weights weights, Kernels kernels, int rows) {
    this.weights = weights;
    this.kernels = kernels;
    maxRecords = config.attention().records();
    hidden = config.hiddenSize();
    size = config.attention().size();
    carried = new float[rows * maxRecords * hidden];
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

  /** A past record: its last hidden state and the gradients that reach it. */
  private static final class Past {
    private final float[] m; // (H)
    private final int at; // index of m in the chunk's hidden states, or EARLIER_CHUNK
    private float[] k; // (A); null until the record is looked at
    private float[] dm; // (H)
    private float[] dk; // (A)

    Past(float[] m, int at) {
      this.m = m;
      this.at = at;
    }
  }

  /**
   * The attention of one record, kept for the backward pass.
   *
   * @param records the r past records, oldest first
   * @param h (H) the hidden state that looks back
   * @param q (A) its query
   * @param a (1 + r) the weights: of nothing, then of the records
   */
  record Look(List<Past> records, float[] h, float[] q, float[] a) {}

  /** Begins a chunk with the records that the last chunk carried over. */
  void begin() {
    all.clear();
    for (int b = 0; b < past.size(); b++) {
      past.get(b).clear();
      for (int r = 0; r < (int) carriedCount[b]; r++) {
        int from = (b * maxRecords + r) * hidden;
        past.get(b).add(new Past(Arrays.copyOfRange(carried, from, from + hidden), EARLIER_CHUNK));
      }
      all.addAll(past.get(b));
    }
  }

  /** Row b starts from the initial state: it has no past records. */
  void forget(int b) {
    past.get(b).clear();
  }

  /** Adds a record of row b, which ended with the h at index {@code at} of {@code out}. */
  void remember(int b, float[] out, int at) {
    Past record = new Past(Arrays.copyOfRange(out, at, at + hidden), at);
    all.add(record);
    List<Past> row = past.get(b);
    row.add(record);
    if (row.size() > maxRecords) {
      row.remove(0);
    }
  }

  /**
   * Looks back from h, the first H values of {@code features}.
   *
   * @param context index in {@code features} where the context (H) is written; zeros before
   */
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
   * The backward pass of {@link #look}, except what flows through keys and past records, which
   * {@link #end} adds. With the gradient d of the context:
   *
   * <pre>
   *   da_r = d . m_r      dm_r += a_r d
   *   ds_r = a_r (da_r - sum_j a_j da_j)      where da_null = 0
   *   dq = sum_r ds_r k_r / sqrt(A)      dk_r += ds_r q / sqrt(A)
   *   dW_q += dq h^T      dh += W_q^T dq
   * </pre>
   *
   * @param dFeatures holds the gradient of the context from index {@code context}
   * @param dOut the gradient of h is added to it from index {@code last}
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

  /** Ends a chunk: adds the gradients of past records and keys, and carries records over. */
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
        System.arraycopy(row.get(r).m, 0, carried, (b * maxRecords + r) * hidden, hidden);
      }
    }
  }

  private float root() {
    return (float) Math.sqrt(size);
  }

  /** W x for a weight (A, H) at index {@code w} of the parameters. */
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
