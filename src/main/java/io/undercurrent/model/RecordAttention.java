package io.undercurrent.model;

import static io.undercurrent.kernel.Fma.fma;

import io.undercurrent.kernel.Float16;
import io.undercurrent.kernel.Functions;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.kernel.ProductScratch;
import java.util.Arrays;
import java.util.List;

/**
 * Scaled dot-product attention (Vaswani et al. 2017) of the current record over the key's last R
 * records. Immutable and thread-safe; the caller holds the scratch.
 *
 * <pre>
 *   q = W_q h    k_r = W_k m_r    s_r = q . k_r / sqrt(A)
 *   a = softmax(s_null, s_1, .., s_R)
 *   context = sum_r a_r m_r
 * </pre>
 *
 * <p>h is the top hidden state after the last token read. m_r is the one after the last token of
 * past record r, in half precision. s_null is learnt; its weight goes to no record. Without past
 * records the context is zero.
 *
 * <p>This is the definition of the forward pass. Training has its own with a backward pass; {@code
 * ServedForwardTest} checks that both give the same at every shape.
 */
public final class RecordAttention {

  private final Kernels kernels;
  private final int records; // R
  private final int hidden; // H
  private final int size; // A
  private final PackedMatrix query; // (H, A)
  private final PackedMatrix key; // (H, A)
  private final float nullScore;

  RecordAttention(ModelConfig config, Parameters parameters, Kernels kernels) {
    this.kernels = kernels;
    records = config.attention().records();
    hidden = config.hiddenSize();
    size = config.attention().size();
    query = packed(parameters, "attention.query.weight");
    key = packed(parameters, "attention.key.weight");
    nullScore = parameters.values()[parameters.offset("attention.null")];
  }

  private PackedMatrix packed(Parameters parameters, String name) {
    PackedMatrix matrix = kernels.matrix(hidden, size);
    matrix.pack(parameters.values(), parameters.offset(name), 1, hidden);
    return matrix;
  }

  /** Buffers for one thread. */
  public Scratch scratch() {
    return new Scratch(this);
  }

  /** The past records and their weights. Owned by one thread. */
  public static final class Scratch {
    private final float[] m; // (R, H) oldest first
    private final float[] k; // (R, A)
    private final float[] q; // (A)
    private final float[] weights; // (1 + R) null, then the records
    private final float[] sums = new float[Kernels.PARTIAL_SUMS];
    private final ProductScratch buffers = new ProductScratch();
    private int count;

    private Scratch(RecordAttention attention) {
      m = new float[attention.records * attention.hidden];
      k = new float[attention.records * attention.size];
      q = new float[attention.size];
      weights = new float[1 + attention.records];
    }

    /** The number of past records. */
    public int count() {
      return count;
    }

    /** The weight of no record, after {@link #attend}. */
    public float nothing() {
      return weights[0];
    }

    /** The weight of the i-th of {@link #count} records, from the oldest, after {@link #attend}. */
    public float weight(int i) {
      return weights[1 + i];
    }
  }

  /**
   * Sets the past records.
   *
   * @param past oldest first; only the last R are used
   */
  public void look(List<Memory.Entry> past, Scratch s) {
    s.count = Math.min(records, past.size());
    for (int r = 0; r < s.count; r++) {
      short[] last = past.get(past.size() - s.count + r).last();
      for (int u = 0; u < hidden; u++) {
        s.m[r * hidden + u] = Float16.toFloat(last[u]);
      }
    }
    if (s.count > 0) {
      key.multiply(s.count, s.m, s.k, s.buffers);
    }
  }

  /**
   * Computes the weights of the past records and their context.
   *
   * @param h (H) at the start of this array
   * @param context receives the context (H) from {@code offset} on
   */
  public void attend(float[] h, float[] context, int offset, Scratch s) {
    query.multiply(1, h, s.q, s.buffers);
    float root = (float) Math.sqrt(size);
    float[] a = s.weights;
    a[0] = nullScore;
    for (int r = 0; r < s.count; r++) {
      float dot = 0f;
      for (int i = 0; i < size; i++) {
        dot = fma(s.q[i], s.k[r * size + i], dot);
      }
      a[1 + r] = dot / root;
    }
    int n = 1 + s.count;
    float sum = kernels.exponentials(a, 0, n, Functions.max(a, 0, n), s.sums);
    for (int r = 0; r < n; r++) {
      a[r] /= sum;
    }
    Arrays.fill(context, offset, offset + hidden, 0f);
    for (int r = 0; r < s.count; r++) {
      for (int u = 0; u < hidden; u++) {
        context[offset + u] = fma(a[1 + r], s.m[r * hidden + u], context[offset + u]);
      }
    }
  }
}
