package io.undercurrent.fuzz;

import java.util.List;

/**
 * Code of ours that reads bytes from strangers, and what must hold for any bytes. A target keeps
 * nothing between two inputs, so that a kept input fails alone as well.
 */
public interface FuzzTarget extends AutoCloseable {

  /**
   * Reads an input.
   *
   * @throws Exception if the code answered in a way that it does not document; an {@link Error} if
   *     a claim does not hold
   */
  void read(byte[] input) throws Exception;

  /**
   * The heap that reading an input may allocate, in bytes. A small file must not cost much memory,
   * whatever sizes it claims.
   */
  default long maxAllocation(int inputBytes) {
    return (4L << 20) + 4_000L * inputBytes;
  }

  /** Inputs that the code accepts, in formats that nobody writes by hand. */
  default List<byte[]> seeds() throws Exception {
    return List.of();
  }

  /** Ends what the target has started; nothing in most of them. */
  @Override
  default void close() {}
}
