package io.undercurrent.train;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * All conversations of an epoch, shuffled and laid end to end into B endless streams, so that every
 * position of every chunk carries a token. A conversation's records follow one another; between
 * conversations the state is zeroed with probability {@code freshShare}, and otherwise carried over
 * from an unrelated one: the network learns both to start from nothing and not to be confused by
 * what came before.
 *
 * <p>Each record is followed by the end-of-record token. A fresh start zeroes the state before the
 * end-of-record token that precedes the record: the same initial state that serving uses.
 */
final class PackedStreams {

  private final List<Example[]> conversations;
  private final int[] order;
  private final int endOfRecord;
  private final double freshShare;
  private final SplittableRandom random;
  private final Stream[] streams;
  private int next;

  PackedStreams(
      List<Example[]> conversations, int rows, int endOfRecord, double freshShare, long seed) {
    this.conversations = conversations;
    this.endOfRecord = endOfRecord;
    this.freshShare = freshShare;
    random = new SplittableRandom(seed);
    order = new int[conversations.size()];
    Arrays.setAll(order, i -> i);
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swap = order[i];
      order[i] = order[j];
      order[j] = swap;
    }
    streams = new Stream[rows];
    Arrays.setAll(streams, b -> new Stream());
  }

  /** Tokens of all conversations together, end-of-record tokens included. */
  static long tokens(List<Example[]> conversations) {
    long n = 0;
    for (Example[] conversation : conversations) {
      for (Example record : conversation) {
        n += record.tokens().length + 1;
      }
    }
    return n;
  }

  /**
   * Fills the chunks, each with the rows that follow the previous chunk's; false once the
   * conversations are used up (what is left in the streams, the rest of one conversation in each,
   * is dropped).
   */
  boolean next(Chunk[] chunks) {
    int row = 0;
    for (Chunk chunk : chunks) {
      for (int b = 0; b < chunk.rows; b++) {
        streams[row++].fill(chunk, b);
      }
    }
    return next < order.length;
  }

  /** One row: a cursor over the conversations it has taken. */
  private final class Stream {
    private Example[] conversation = {};
    private int record;
    private int position; // in the record
    private boolean atStart = true;

    void fill(Chunk chunk, int b) {
      for (int t = 0; t < chunk.steps; t++) {
        int at = t * chunk.rows + b;
        if (atStart) {
          // The first token of a stream, and of every fresh start: end of record, from zeros.
          take();
          atStart = false;
          chunk.token[at] = endOfRecord;
          chunk.reset[at] = true;
          chunk.start[at] = false;
          chunk.label[at] = Chunk.NO_END;
          chunk.target[at] = conversation[0].tokens()[0];
          continue;
        }
        Example current = conversation[record];
        int length = current.tokens().length;
        chunk.reset[at] = false;
        if (position < length) {
          chunk.token[at] = current.tokens()[position];
          chunk.start[at] = position == 0;
          chunk.label[at] = position == length - 1 ? current.label() : Chunk.NO_END;
          chunk.weight[at] = current.weight();
          chunk.target[at] = position == length - 1 ? endOfRecord : current.tokens()[position + 1];
          position++;
        } else {
          chunk.token[at] = endOfRecord;
          chunk.start[at] = false;
          chunk.label[at] = Chunk.NO_END;
          record++;
          position = 0;
          if (record == conversation.length) {
            take();
            chunk.reset[at] = random.nextDouble() < freshShare;
          }
          chunk.target[at] = conversation[record].tokens()[0];
        }
      }
    }

    /** The next conversation; past the last one the first ones come again, to fill the chunk. */
    private void take() {
      conversation = conversations.get(order[next++ % order.length]);
      record = 0;
      position = 0;
    }
  }
}
