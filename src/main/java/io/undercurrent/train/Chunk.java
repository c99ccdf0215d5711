package io.undercurrent.train;

import java.util.Arrays;

/**
 * T time steps of B streams, as {@link PackedStreams} cuts them: what one worker learns from at
 * once. Position (t, b) lies at {@code t * rows + b}.
 */
final class Chunk {

  /** {@link #label} where no record ends. */
  static final byte NO_END = -2;

  /** {@link #label} where a record without a label ends. */
  static final byte UNLABELLED = -1;

  final int steps; // T
  final int rows; // B
  final int[] token; // (T, B) what is read
  final int[] target; // (T, B) what comes next in the stream
  final boolean[] reset; // (T, B) state is zeroed before the token is read
  final boolean[] start; // (T, B) the token is a record's first
  final byte[] label; // (T, B) class where the token is a record's last, or one of the above
  final float[] weight; // (T, B) of the label's loss
  final int[] classes; // (T, B) that the label is held against, a bit each

  Chunk(int steps, int rows) {
    this.steps = steps;
    this.rows = rows;
    int size = steps * rows;
    token = new int[size];
    target = new int[size];
    reset = new boolean[size];
    start = new boolean[size];
    label = new byte[size];
    weight = new float[size];
    classes = new int[size];
    Arrays.fill(classes, Example.ALL_CLASSES);
  }

  /** Record ends with a label. */
  int labelled() {
    int n = 0;
    for (byte l : label) {
      if (l >= 0) {
        n++;
      }
    }
    return n;
  }
}
