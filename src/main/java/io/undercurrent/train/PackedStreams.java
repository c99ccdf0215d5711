package io.undercurrent.train;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Shuffles the conversations of an epoch and joins them into B streams, so that every position of
 * every chunk has a token. Long conversations are cut between records into parts, which several
 * streams read, and come first, so that all streams end at about the same time. Owned by one
 * thread.
 *
 * <p>The records of a conversation follow one another. Between conversations the state is zeroed
 * with probability {@code freshShare}; otherwise it is carried over from an unrelated conversation.
 * So the network learns both to start from the initial state and to ignore unrelated history.
 *
 * <p>Each record is followed by the end-of-record token. Where the state is zeroed, this happens
 * before the end-of-record token that precedes the record, so that the record begins with the same
 * initial state as in serving.
 */
final class PackedStreams {

  /** The number of parts for each stream into which a single conversation would be cut. */
  private static final int PARTS = 4;

  private final List<Example[]> conversations; // or parts of them
  private final int[] order;
  private final int endOfRecord;
  private final double freshShare;
  private final SplittableRandom random;
  private final Stream[] streams;
  private int next;
  private int unfinished; // conversations that are not read to their end

  PackedStreams(
      List<Example[]> conversations, int rows, int endOfRecord, double freshShare, long seed) {
    long maxTokens = Math.max(1, tokens(conversations) / ((long) rows * PARTS));
    this.conversations = parts(conversations, maxTokens);
    this.endOfRecord = endOfRecord;
    this.freshShare = freshShare;
    random = new SplittableRandom(seed);
    int[] shuffled = shuffled(this.conversations.size(), random);
    // Long ones first; long and short ones stay shuffled among themselves.
    order =
        IntStream.concat(
                Arrays.stream(shuffled)
                    .filter(i -> tokens(this.conversations.get(i)) * PARTS > maxTokens),
                Arrays.stream(shuffled)
                    .filter(i -> tokens(this.conversations.get(i)) * PARTS <= maxTokens))
            .toArray();
    unfinished = order.length;
    streams = new Stream[rows];
    Arrays.setAll(streams, b -> new Stream());
  }

  /** The numbers from 0 to n - 1 in a random order. */
  static int[] shuffled(int n, SplittableRandom random) {
    int[] shuffled = new int[n];
    Arrays.setAll(shuffled, i -> i);
    for (int i = n - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int swap = shuffled[i];
      shuffled[i] = shuffled[j];
      shuffled[j] = swap;
    }
    return shuffled;
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

  /** Cuts conversations after each record with which a part reaches {@code maxTokens} tokens. */
  private static List<Example[]> parts(List<Example[]> conversations, long maxTokens) {
    List<Example[]> parts = new ArrayList<>();
    for (Example[] conversation : conversations) {
      int from = 0;
      long tokens = 0;
      for (int i = 0; i < conversation.length; i++) {
        tokens += conversation[i].tokens().length + 1;
        if (tokens >= maxTokens || i == conversation.length - 1) {
          parts.add(Arrays.copyOfRange(conversation, from, i + 1));
          from = i + 1;
          tokens = 0;
        }
      }
    }
    return parts;
  }

  /**
   * Fills the chunks: the first gets the first streams as its rows, the second the next ones, and
   * so on. A stream that finds no conversation left reads one a second time.
   *
   * @return false once every conversation is read to its end
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

  /** One stream: a position in the conversation that it reads. */
  private final class Stream {
    private Example[] conversation = {};
    private boolean again; // whether the conversation was read before in this epoch
    private int record;
    private int position; // in the record
    private boolean atStart = true;

    void fill(Chunk chunk, int b) {
      for (int t = 0; t < chunk.steps; t++) {
        int at = t * chunk.rows + b;
        if (atStart) {
          // A stream begins with the end-of-record token, read from a zero state.
          take();
          atStart = false;
          chunk.token[at] = endOfRecord;
          chunk.reset[at] = true;
          chunk.start[at] = false;
          chunk.label[at] = Chunk.NO_END;
          expect(chunk, at, conversation[0]);
          continue;
        }
        Example current = conversation[record];
        int length = current.tokens().length;
        chunk.reset[at] = false;
        if (position < length) {
          chunk.token[at] = current.tokens()[position];
          chunk.start[at] = position == 0;
          chunk.label[at] = position == length - 1 ? current.label() : Chunk.NO_END;
          chunk.soft[at] = current.soft();
          chunk.weight[at] = current.weight();
          chunk.use[at] = current.use();
          chunk.nextToken[at] = current.use().nextTokens();
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
          expect(chunk, at, conversation[record]);
        }
      }
    }

    /** The next token is the first of a record. */
    private static void expect(Chunk chunk, int at, Example record) {
      chunk.target[at] = record.tokens()[0];
      chunk.nextToken[at] = record.use().nextTokens();
    }

    /** Takes the next conversation; after the last one the first ones are read again. */
    private void take() {
      again = next >= order.length;
      conversation = conversations.get(order[next++ % order.length]);
      record = 0;
      position = 0;
    }
  }
}
