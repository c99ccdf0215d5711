package io.undercurrent.model;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * All parameters of a network, or all their gradients, in one block, so that an optimiser is one
 * loop. A tensor is a slice of the block, found by its name. Not thread-safe while a thread writes.
 */
public final class Parameters {

  private final List<Tensor> tensors;
  private final Map<String, Integer> offsets = new LinkedHashMap<>();
  private final float[] values;

  /** Parameters of these tensors, all zero. */
  public Parameters(List<Tensor> tensors) {
    this.tensors = List.copyOf(tensors);
    int size = 0;
    for (Tensor t : tensors) {
      offsets.put(t.name(), size);
      size = Math.addExact(size, t.size());
    }
    values = new float[size];
  }

  public List<Tensor> tensors() {
    return tensors;
  }

  /** The whole block, shared and not copied. */
  public float[] values() {
    return values;
  }

  /**
   * The index at which a tensor starts in {@link #values}.
   *
   * @throws IllegalArgumentException if there is no tensor with this name
   */
  public int offset(String name) {
    Integer offset = offsets.get(name);
    if (offset == null) {
      throw new IllegalArgumentException(
          "tensor must be one of " + offsets.keySet() + ", found " + name);
    }
    return offset;
  }

  /** A copy of one tensor, row-major. */
  public float[] copy(String name) {
    int offset = offset(name);
    for (Tensor t : tensors) {
      if (t.name().equals(name)) {
        return java.util.Arrays.copyOfRange(values, offset, offset + t.size());
      }
    }
    throw new IllegalStateException(name);
  }
}
