package io.undercurrent.train;

import java.util.Arrays;

/**
 * T time steps of B streams, filled by {@link PackedStreams}: the unit that one worker learns from.
 * Position (t, b) has the index {@code t * rows + b}. Mutable; owned by one thread at a time.
 */
final class Chunk {

  /** {@link #label} where no record ends. */
  static final byte NO_END = -2;

  /** {@link #label} where a record without a hard label ends. */
  static final byte UNLABELLED = -1;

  final int steps; // T
  final int rows; // B
  final int[] token; // (T, B) the token that is read
  final int[] target; // (T, B) the next token of the stream
  final boolean[] reset; // (T, B) whether the state is zeroed before the token is read
  final boolean[] start; // (T, B) whether the token is the first of a record
  final byte[] label; // (T, B) class where the token is the last of a record, or a constant above
  final float[][] soft; // (T, B) of (classes) soft label where a record ends; null for none
  final float[] weight; // (T, B) of the label's loss
  final LabelUse[] use; // (T, B) how the labels are learnt
  final boolean[] nextToken; // (T, B) whether the next token is learnt

  Chunk(int steps, int rows) {
    this.steps = steps;
    this.rows = rows;
    int size = steps * rows;
    token = new int[size];
    target = new int[size];
    reset = new boolean[size];
    start = new boolean[size];
    label = new byte[size];
    soft = new float[size][];
    weight = new float[size];
    use = new LabelUse[size];
    Arrays.fill(use, LabelUse.HARD);
    nextToken = new boolean[size];
    Arrays.fill(nextToken, true);
  }

  /** Whether a record with a hard or a soft label ends at a position. */
  boolean isLabelled(int at) {
    return label[at] >= 0 || label[at] == UNLABELLED && soft[at] != null;
  }

  /** The number of labelled records that end in the chunk. */
  int labelled() {
    int n = 0;
    for (int at = 0; at < label.length; at++) {
      n += isLabelled(at) ? 1 : 0;
    }
    return n;
  }
}
