package io.undercurrent.train;

/**
 * One record to learn from: its token ids without the end-of-record token, and the index of its
 * class, or {@link Chunk#UNLABELLED}.
 *
 * @param weight of its loss
 * @param classes a bit for each class that its own is held against; see {@link TrainingData#encode}
 */
record Example(int[] tokens, byte label, float weight, int classes) {

  /** {@link #classes}: every one. */
  static final int ALL_CLASSES = -1;

  Example(int[] tokens, byte label) {
    this(tokens, label, 1f, ALL_CLASSES);
  }
}
