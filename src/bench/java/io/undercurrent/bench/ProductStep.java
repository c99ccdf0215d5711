package io.undercurrent.bench;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.kernel.ProductScratch;
import java.util.Arrays;

/** Computes only the products with h that every step needs: a lower bound of a step's time. */
final class ProductStep implements StepSubject {

  private final int batch; // B, filled up to rows that the kernel takes at once
  private final PackedMatrix[] weights; // (H, 4*H): W_hh of all layers, W_ih of all but one
  private final float[] h; // (B, H)
  private final float[] z; // (B, 4*H)
  private final ProductScratch scratch = new ProductScratch();

  ProductStep(StepCase one) {
    batch = Kernels.best().paddedRows(one.batch());
    h = new float[batch * one.hidden()];
    Arrays.fill(h, 0.1f);
    z = new float[4 * h.length];
    weights = new PackedMatrix[2 * one.layers() - 1];
    for (int i = 0; i < weights.length; i++) {
      String name = i % 2 == 0 ? "rnn.weight_hh_l" + i / 2 : "rnn.weight_ih_l" + (i + 1) / 2;
      weights[i] = Kernels.best().matrix(one.hidden(), 4 * one.hidden());
      weights[i].pack(one.parameters().copy(name), 0, 1, one.hidden());
    }
  }

  @Override
  public String name() {
    return "product";
  }

  @Override
  public void step(int[] tokens) {
    for (PackedMatrix weight : weights) {
      weight.multiply(batch, h, z, scratch);
    }
  }

  @Override
  public float[] state() {
    return new float[0];
  }

  @Override
  public void close() {}
}
