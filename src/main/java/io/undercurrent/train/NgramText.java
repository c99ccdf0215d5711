package io.undercurrent.train;

import java.util.Arrays;
import java.util.BitSet;

/**
 * Token ids of many conversations, one behind the other, as n-grams are counted in them. Before
 * each conversation stand as many ends of records as the longest context has tokens; these are read
 * as context and not counted themselves. Not thread-safe.
 */
final class NgramText {

  private final int context;
  private final int endOfRecord;
  private final BitSet counted = new BitSet();
  private int[] tokens = new int[1024];
  private int size;

  /**
   * @param context the number of tokens of the longest context, at least 0
   */
  NgramText(int context, int endOfRecord) {
    this.context = context;
    this.endOfRecord = endOfRecord;
  }

  /** Begins a conversation. */
  void begin() {
    for (int i = 0; i < context; i++) {
      append(endOfRecord);
    }
  }

  /** Adds a record of the conversation, and its end. A record without tokens is left out. */
  void add(int[] ids) {
    if (ids.length == 0) {
      return;
    }
    counted.set(size, Math.addExact(size, ids.length + 1));
    for (int id : ids) {
      append(id);
    }
    append(endOfRecord);
  }

  private void append(int token) {
    if (size == tokens.length) {
      tokens = Arrays.copyOf(tokens, Math.addExact(size, size / 2));
    }
    tokens[size++] = token;
  }

  /** All tokens; the array is longer than they are, and not copied. */
  int[] tokens() {
    return tokens;
  }

  /** The number of tokens that are counted, ends of records included. */
  int count() {
    return counted.cardinality();
  }

  /** The positions in {@link #tokens} of the tokens that are counted, ascending. */
  int[] positions() {
    int[] positions = new int[count()];
    int n = 0;
    for (int at = counted.nextSetBit(0); at >= 0; at = counted.nextSetBit(at + 1)) {
      positions[n++] = at;
    }
    return positions;
  }
}
