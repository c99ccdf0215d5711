package io.undercurrent.inference;

import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.Network;

/**
 * Computes the states of a record's next tokens together, for a network whose products do not read
 * the state. Reused for one record after another; owned by one thread.
 */
final class ReadAhead {

  /** The maximum number of tokens that are read together. */
  static final int TOKENS = 24;

  private final Network network;
  private final int endOfRecord;
  private final Network.AheadScratch scratch; // shared by the rows of a thread
  private final int[] chunk = new int[TOKENS];
  private final float[] tops; // (TOKENS, H)
  private final HiddenState state; // after the tokens that were read

  private int[] ids;
  private int first; // position of the first token in `tops`
  private int end; // position after the last one

  ReadAhead(Model model, Network.AheadScratch scratch) {
    network = model.network();
    endOfRecord = model.tokenizer().endOfRecord();
    this.scratch = scratch;
    tops = new float[TOKENS * model.config().hiddenSize()];
    state = HiddenState.zeros(model.config());
  }

  /** Starts a record with these tokens after a state, which is not changed. */
  void open(int[] ids, HiddenState before) {
    this.ids = ids;
    state.set(before);
    first = 0;
    end = 0;
  }

  /**
   * Writes the top h after the token at {@code position}, which is 0 or the next one; the end of
   * record has the position after the last token.
   */
  void top(int position, float[] to, int offset) {
    if (position == end) {
      first = end;
      int n = Math.min(TOKENS, ids.length + 1 - first);
      for (int i = 0; i < n; i++) {
        chunk[i] = first + i == ids.length ? endOfRecord : ids[first + i];
      }
      network.readAhead(n, chunk, state, tops, scratch);
      end = first + n;
    }
    int hidden = tops.length / TOKENS;
    System.arraycopy(tops, (position - first) * hidden, to, offset, hidden);
  }

  /** Writes the state after the end of the record. */
  void state(HiddenState to) {
    to.set(state);
  }
}
