package io.undercurrent.train;

/**
 * One record to learn from: its token ids without the end-of-record token, and the index of its
 * class, or {@link Chunk#UNLABELLED}.
 *
 * @param weight of its loss
 */
record Example(int[] tokens, byte label, float weight) {

  Example(int[] tokens, byte label) {
    this(tokens, label, 1f);
  }
}
