package io.undercurrent.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * All conversations of an epoch, shuffled and laid end to end into B endless streams, so that every
 * position of every chunk carries a token. Long conversations are cut between records into parts
 * that the streams share, and come first, so that all streams end at about the same time. A
 * conversation's records follow one another; between conversations the state is zeroed with
 * probability {@code freshShare}, and otherwise carried over from an unrelated one: the network
 * learns both to start from nothing and not to be confused by what came before.
 *
 * <p>Each record is followed by the end-of-record token. A fresh start zeroes the state before the
 * end-of-record token that precedes the record: the same initial state that serving uses.
 */
final class PackedStreams {

  /** Parts of a conversation that each stream would take if there were only one. */
  private static final int PARTS = 4;

  private final List<Example[]> conversations; // parts of them
  private final int[] order;
  private final int endOfRecord;
  private final double freshShare;
  private final SplittableRandom random;
  private final Stream[] streams;
  private int next;
  private int unfinished; // conversations

  PackedStreams(
      List<Example[]> conversations, int rows, int endOfRecord, double freshShare, long seed) {
    long most = Math.max(1, tokens(conversations) / ((long) rows * PARTS));
    this.conversations = parts(conversations, most);
    this.endOfRecord = endOfRecord;
    this.freshShare = freshShare;
    random = new SplittableRandom(seed);
    int[] shuffled = new int[this.conversations.size()];
    Arrays.setAll(shuffled, i -> i);
    for (int i = shuffled.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swap = shuffled[i];
      shuffled[i] = shuffled[j];
      shuffled[j] = swap;
    }
    // Long ones first; the order is stable, so each kind stays shuffled.
    order =
        IntStream.concat(
                Arrays.stream(shuffled)
                    .filter(i -> tokens(this.conversations.get(i)) * PARTS > most),
                Arrays.stream(shuffled)
                    .filter(i -> tokens(this.conversations.get(i)) * PARTS <= most))
            .toArray();
    unfinished = order.length;
    streams = new Stream[rows];
    Arrays.setAll(streams, b -> new Stream());
  }

  /** Tokens of all conversations together, end-of-record tokens included. */
  static long tokens(List<Example[]> conversations) {
    return conversations.stream().mapToLong(PackedStreams::tokens).sum();
  }

  private static long tokens(Example[] conversation) {
    long n = 0;
    for (Example record : conversation) {
      n += record.tokens().length + 1;
    }
    return n;
  }

  /** Cuts conversations after the record with which they reach {@code most} tokens. */
  private static List<Example[]> parts(List<Example[]> conversations, long most) {
    List<Example[]> parts = new ArrayList<>();
    for (Example[] conversation : conversations) {
      int from = 0;
      long tokens = 0;
      for (int i = 0; i < conversation.length; i++) {
        tokens += conversation[i].tokens().length + 1;
        if (tokens >= most || i == conversation.length - 1) {
          parts.add(Arrays.copyOfRange(conversation, from, i + 1));
          from = i + 1;
          tokens = 0;
        }
      }
    }
    return parts;
  }

  /**
   * Fills the chunks, each with the rows that follow the previous chunk's; false once every
   * conversation was read to its end. Streams that find none left read some once more.
   */
  boolean next(Chunk[] chunks) {
    int row = 0;
    for (Chunk chunk : chunks) {
      for (int b = 0; b < chunk.rows; b++) {
        streams[row++].fill(chunk, b);
      }
    }
    return unfinished > 0;
  }

  /** One row: a cursor over the conversations it has taken. */
  private final class Stream {
    private Example[] conversation = {};
    private boolean again; // the conversation was read before in this epoch
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
          chunk.classes[at] = current.classes();
          chunk.target[at] = position == length - 1 ? endOfRecord : current.tokens()[position + 1];
          position++;
        } else {
          chunk.token[at] = endOfRecord;
          chunk.start[at] = false;
          chunk.label[at] = Chunk.NO_END;
          record++;
          position = 0;
          if (record == conversation.length) {
            unfinished -= again ? 0 : 1;
            take();
            chunk.reset[at] = random.nextDouble() < freshShare;
          }
          chunk.target[at] = conversation[record].tokens()[0];
        }
      }
    }

    /** The next conversation; past the last one the first ones come again, to fill the chunk. */
    private void take() {
      again = next >= order.length;
      conversation = conversations.get(order[next++ % order.length]);
      record = 0;
      position = 0;
    }
  }
}
