package io.undercurrent.inference;

import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Network;

/**
 * Computes the states of the next tokens of several records together, for a network whose products
 * do not read the state. Each record has a {@link Part}. Owned by one thread.
 */
final class ReadAhead {

  /** The maximum number of tokens of one record that are read together. */
  private static final int PART_TOKENS = 24;

  /** The maximum number of tokens of all records that are read together. */
  private static final int TOKENS = 96;

  private final Network network;
  private final ModelConfig config;
  private final int endOfRecord;
  private final Network.AheadScratch scratch;
  private final int[] tokens = new int[TOKENS]; // of part after part
  private final Part[] parts = new Part[TOKENS]; // whose tokens they are
  private final int[] counts = new int[TOKENS]; // (parts) tokens of each
  private final HiddenState[] states = new HiddenState[TOKENS]; // (parts)
  private int partCount;
  private int tokenCount;

  ReadAhead(Model model) {
    network = model.network();
    config = model.config();
    endOfRecord = model.tokenizer().endOfRecord();
    scratch = network.aheadScratch(TOKENS);
  }

  /** A record's tokens and the states after those that were read. Reused. */
  final class Part {
    private final float[] tops = new float[PART_TOKENS * config.hiddenSize()]; // (n, H)
    private final HiddenState state = HiddenState.zeros(config); // after the tokens that were read
    private int[] ids;
    private int first; // position of the first token in `tops`
    private int end; // position after the last one

    /** Starts a record with these tokens after a state, which is not changed. */
    void open(int[] ids, HiddenState before) {
      this.ids = ids;
      state.set(before);
      first = 0;
      end = 0;
    }

    /**
     * Asks for the state after the token at {@code position}, which is 0 or the next one; the end
     * of record has the position after the last token. {@link #top} has it after {@link #finish}.
     */
    void want(int position) {
      if (position < end) {
        return;
      }
      int n = Math.min(PART_TOKENS, ids.length + 1 - position);
      if (tokenCount + n > TOKENS) {
        finish();
      }
      for (int i = position; i < position + n; i++) {
        tokens[tokenCount++] = i == ids.length ? endOfRecord : ids[i];
      }
      parts[partCount] = this;
      counts[partCount] = n;
      states[partCount++] = state;
      first = position;
      end = position + n;
    }

    /** Copies the top h after the token at {@code position} to {@code to}, from {@code offset}. */
    void top(int position, float[] to, int offset) {
      int hidden = config.hiddenSize();
      System.arraycopy(tops, (position - first) * hidden, to, offset, hidden);
    }

    /** Writes the state after the end of the record. */
    void state(HiddenState to) {
      to.set(state);
    }
  }

  /** Reads what is wanted. */
  void finish() {
    if (partCount == 0) {
      return;
    }
    float[] tops = network.readAhead(partCount, counts, tokens, states, scratch);
    int at = 0;
    for (int p = 0; p < partCount; p++) {
      int size = counts[p] * config.hiddenSize();
      System.arraycopy(tops, at, parts[p].tops, 0, size);
      at += size;
    }
    clear();
  }

  /** Forgets what is wanted. */
  void clear() {
    partCount = 0;
    tokenCount = 0;
  }
}
