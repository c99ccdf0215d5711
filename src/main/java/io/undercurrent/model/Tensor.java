package io.undercurrent.model;

import java.util.Arrays;
import java.util.stream.Collectors;

/** The name and shape of one parameter tensor, which is stored row by row. */
public record Tensor(String name, int... shape) {

  /** The number of values. */
  public int size() {
    int size = 1;
    for (int d : shape) {
      size = Math.multiplyExact(size, d);
    }
    return size;
  }

  /** The shape as PyTorch prints it: {@code (1024, 128)}. */
  public String shapeText() {
    return Arrays.stream(shape)
        .mapToObj(Integer::toString)
        .collect(Collectors.joining(", ", "(", ")"));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Tensor t && name.equals(t.name) && Arrays.equals(shape, t.shape);
  }

  @Override
  public int hashCode() {
    return 31 * name.hashCode() + Arrays.hashCode(shape);
  }
}
