package io.undercurrent.train;

/**
 * One record to learn from.
 *
 * @param tokens ids, without the end-of-record token
 * @param label index of its class, or {@link Chunk#UNLABELLED}
 * @param weight factor of its loss
 * @param classes the classes that the label is compared with, one bit each; see {@link
 *     TrainingData#encode}
 */
record Example(int[] tokens, byte label, float weight, int classes) {

  /** All {@link #classes}. */
  static final int ALL_CLASSES = -1;

  Example(int[] tokens, byte label) {
    this(tokens, label, 1f, ALL_CLASSES);
  }
}
