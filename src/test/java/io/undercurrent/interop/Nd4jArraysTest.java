package io.undercurrent.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** No header makes ND4J read past the end of an array or abort the JVM. */
class Nd4jArraysTest {

  private static final float[] VALUES = {1, -2, 3, 4, -5, 6};

  @Test
  void shouldRefuseOrReadAVectorWithAnyByteOfItsHeaderChanged() throws IOException {
    INDArray vector = Nd4j.createFromArray(VALUES);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    Nd4j.write(vector, new DataOutputStream(bytes));

    change(bytes.toByteArray(), array -> Nd4jArrays.vector("w", array, VALUES.length));
  }

  @Test
  void shouldRefuseOrReadANumPyArrayWithAnyByteOfItsHeaderChanged() {
    byte[] bytes = Nd4j.toNpyByteArray(Nd4j.createFromArray(VALUES).reshape(2, 3));

    change(bytes, array -> Nd4jArrays.npy("w", array, 2, 3));
  }

  /**
   * Changes each byte before the values in 255 ways. If the array is still accepted, it has the
   * same values.
   */
  private static void change(byte[] bytes, Function<byte[], float[]> read) {
    assertThat(read.apply(bytes)).containsExactly(VALUES);
    int accepted = 0;
    int header = bytes.length - Float.BYTES * VALUES.length;
    for (int at = 0; at < header; at++) {
      for (int change = 1; change < 256; change++) {
        byte[] changed = bytes.clone();
        changed[at] ^= (byte) change;
        try {
          assertThat(sorted(read.apply(changed)))
              .containsExactly(sorted(VALUES)); // the order may change
          accepted++;
        } catch (ImportException e) {
          assertThat(e).hasMessageStartingWith("w: must ");
        }
      }
    }
    assertThat(accepted)
        .as("accepted changes; only the order c or f may change in a vector")
        .isLessThan(4);
  }

  private static float[] sorted(float[] values) {
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted;
  }
}
