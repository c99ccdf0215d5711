package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PackedStreamsTest {

  private static final int END = 0;

  /** One stream, put together again from all its chunks. */
  private static final class Row {
    final List<Integer> token = new ArrayList<>();
    final List<Integer> target = new ArrayList<>();
    final List<Boolean> reset = new ArrayList<>();
    final List<Boolean> start = new ArrayList<>();
    final List<Byte> label = new ArrayList<>();
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 7, 0", "2, 3, 5, 0.5", "3, 2, 1, 1", "1, 4, 40, 0.5"})
  void shouldReadEveryConversationToItsEnd(int chunks, int rows, int steps, double freshShare) {
    List<Example[]> conversations = conversations(150, 1);
    // Every first token tells its conversation: how often was each begun?
    List<Row> streams = read(conversations, chunks, rows, steps, freshShare, 2);

    Map<Integer, Integer> begun = new HashMap<>();
    int ended = 0;
    for (Row stream : streams) {
      for (int at = 0; at < stream.token.size(); ) {
        assertThat(stream.token.get(at++)).isEqualTo(END);
        if (at == stream.token.size()) {
          break;
        }
        Example[] conversation = conversations.get(stream.token.get(at) - 1);
        begun.merge(stream.token.get(at), 1, Integer::sum);
        List<Integer> expected = tokens(conversation);
        List<Integer> found =
            stream.token.subList(at, Math.min(at + expected.size(), stream.token.size()));
        assertThat(found).isEqualTo(expected.subList(0, found.size()));
        ended += found.size() == expected.size() ? 1 : 0;
        at += found.size();
      }
    }
    // To fill the last chunks some are read a second time.
    int all = chunks * rows;
    assertThat(begun.keySet()).hasSize(conversations.size());
    long twice = begun.values().stream().filter(n -> n > 1).count();
    assertThat(twice).isLessThanOrEqualTo((long) all * (steps + 10));
    assertThat(begun.values()).allMatch(n -> n <= 2);
    assertThat(ended).isGreaterThanOrEqualTo(conversations.size());
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 7", "2, 3, 5", "1, 4, 40"})
  void shouldHaveTheNextTokenOfTheStreamAsTargetAcrossChunks(int chunks, int rows, int steps) {
    for (Row stream : read(conversations(80, 3), chunks, rows, steps, 0.5, 4)) {
      int length = stream.token.size();
      assertThat(stream.target.subList(0, length - 1)).isEqualTo(stream.token.subList(1, length));
    }
  }

  @Test
  void shouldPutLabelsAtTheLastTokensAndMarkTheFirst() {
    List<Example[]> conversations = conversations(60, 5);
    int labels = 0;
    for (Row stream : read(conversations, 2, 2, 9, 0.5, 6)) {
      Example[] conversation = null;
      int record = 0;
      int position = 0;
      for (int at = 0; at < stream.token.size(); at++) {
        int token = stream.token.get(at);
        if (token == END) {
          assertThat(stream.start.get(at)).isFalse();
          assertThat(stream.label.get(at)).isEqualTo(Chunk.NO_END);
          if (conversation != null && ++record == conversation.length) {
            conversation = null;
          }
          position = 0;
          continue;
        }
        if (conversation == null) {
          conversation = conversations.get(token - 1);
          record = 0;
        }
        Example current = conversation[record];
        assertThat(stream.start.get(at)).isEqualTo(position == 0);
        boolean last = position == current.tokens().length - 1;
        assertThat(stream.label.get(at)).isEqualTo(last ? current.label() : Chunk.NO_END);
        labels += last && current.label() >= 0 ? 1 : 0;
        position++;
      }
    }
    assertThat(labels).isGreaterThan(30);
  }

  @ParameterizedTest
  @CsvSource({"0", "0.5", "1"})
  void shouldStartAfreshOnlyBetweenConversations(double freshShare) {
    List<Example[]> conversations = conversations(200, 7);
    int between = 0;
    int fresh = 0;
    for (Row stream : read(conversations, 1, 3, 11, freshShare, 8)) {
      assertThat(stream.token.get(0)).isEqualTo(END);
      assertThat(stream.reset.get(0)).as("a stream's first position").isTrue();
      for (int at = 1; at + 1 < stream.token.size(); at++) {
        boolean first = stream.token.get(at) == END && isFirst(stream.token.get(at + 1));
        if (!first) {
          assertThat(stream.reset.get(at)).as("position %d", at).isFalse();
          continue;
        }
        between++;
        fresh += stream.reset.get(at) ? 1 : 0;
      }
    }
    assertThat(between).isGreaterThan(150);
    // Four standard deviations of a binomial of at least 150 draws are below 0.17.
    assertThat((double) fresh / between).isBetween(freshShare - 0.17, freshShare + 0.17);
    if (freshShare == 0 || freshShare == 1) {
      assertThat((double) fresh / between).isEqualTo(freshShare);
    }
  }

  @Test
  void shouldGiveTheSameStreamsForASeedAndOthersForAnother() {
    List<Example[]> conversations = conversations(50, 9);
    List<Integer> once = read(conversations, 1, 2, 8, 0.5, 10).get(1).token;
    assertThat(read(conversations, 1, 2, 8, 0.5, 10).get(1).token).isEqualTo(once);
    assertThat(read(conversations, 1, 2, 8, 0.5, 11).get(1).token).isNotEqualTo(once);
  }

  @Test
  void shouldSetTheWeightOfARecordAtItsLabel() {
    List<Example[]> conversations = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      LabelUse use = new LabelUse(1 << i % 3, 1f, 0f, true);
      conversations.add(
          new Example[] {new Example(new int[] {1, 2}, (byte) (i % 3), i % 3 + 0.5f, null, use)});
    }
    PackedStreams streams = new PackedStreams(conversations, 2, END, 0.5, 1);
    Chunk chunk = new Chunk(13, 2);
    streams.next(new Chunk[] {chunk});

    assertThat(chunk.labelled()).isGreaterThan(5);
    for (int at = 0; at < chunk.label.length; at++) {
      if (chunk.label[at] >= 0) {
        assertThat(chunk.weight[at]).isEqualTo(chunk.label[at] + 0.5f);
        assertThat(chunk.use[at].classes()).isEqualTo(1 << chunk.label[at]);
      }
    }
  }

  @Test
  void shouldCountRecordsWithASoftLabelOnlyAsLabelled() {
    float[] soft = {0.2f, 0.3f, 0.5f};
    LabelUse use = new LabelUse(LabelUse.ALL_CLASSES, 2f, 1f, true);
    Example[] conversation = {
      new Example(new int[] {1, 2}, Chunk.UNLABELLED, 1f, soft, use),
      new Example(new int[] {3}, Chunk.UNLABELLED),
      new Example(new int[] {4}, (byte) 1)
    };
    PackedStreams streams =
        new PackedStreams(Collections.singletonList(conversation), 1, END, 0, 1);
    Chunk chunk = new Chunk(8, 1);
    streams.next(new Chunk[] {chunk});

    assertThat(chunk.token).startsWith(END, 1, 2, END, 3, END, 4, END);
    assertThat(chunk.labelled()).isEqualTo(2);
    assertThat(chunk.isLabelled(1)).as("inside a record").isFalse();
    assertThat(chunk.isLabelled(2)).isTrue();
    assertThat(chunk.isLabelled(4)).as("no label of either kind").isFalse();
    assertThat(chunk.soft[2]).isSameAs(soft);
    assertThat(chunk.use[2]).isSameAs(use);
  }

  @Test
  void shouldNotLearnTheTokensOfASourceWithoutNextTokens() {
    LabelUse silent = new LabelUse(LabelUse.ALL_CLASSES, 1f, 0f, false);
    Example[] conversation = {
      new Example(new int[] {1, 2}, (byte) 0),
      new Example(new int[] {3, 4}, (byte) 0, 1f, null, silent),
      new Example(new int[] {5}, (byte) 0)
    };
    PackedStreams streams =
        new PackedStreams(Collections.singletonList(conversation), 1, END, 0, 1);
    Chunk chunk = new Chunk(8, 1);
    streams.next(new Chunk[] {chunk});

    assertThat(chunk.token).startsWith(END, 1, 2, END, 3, 4, END, 5);
    assertThat(chunk.target).startsWith(1, 2, END, 3, 4, END, 5, END);
    assertThat(chunk.nextToken).startsWith(true, true, true, false, false, false, true, true);
  }

  @Test
  void shouldCountTokensWithTheirEndsOfRecord() {
    List<Example[]> conversations =
        List.of(
            new Example[] {new Example(new int[] {1, 2}, (byte) 0)},
            new Example[] {
              new Example(new int[] {3}, Chunk.UNLABELLED), new Example(new int[] {4}, (byte) 1)
            });
    assertThat(PackedStreams.tokens(conversations)).isEqualTo(7);
  }

  @Test
  void shouldReadAConversationThatIsLongerThanAChunk() {
    int[] tokens = new int[100];
    Arrays.setAll(tokens, i -> i + 1);
    List<Example[]> one = new ArrayList<>();
    one.add(new Example[] {new Example(tokens, (byte) 2)});
    PackedStreams streams = new PackedStreams(one, 1, END, 0, 1);
    Chunk chunk = new Chunk(30, 1);

    assertThat(streams.next(new Chunk[] {chunk})).isTrue();
    assertThat(chunk.token).startsWith(END, 1, 2, 3).endsWith(28, 29);
    assertThat(streams.next(new Chunk[] {chunk})).isTrue();
    assertThat(chunk.token).startsWith(30, 31);
    assertThat(chunk.labelled()).isZero();
    assertThat(streams.next(new Chunk[] {chunk})).isTrue();
    assertThat(streams.next(new Chunk[] {chunk})).isFalse(); // its end of record is read
    assertThat(chunk.labelled()).isEqualTo(1);
  }

  /** As a book is read: cut between records, each stream its share, nothing left out. */
  @ParameterizedTest
  @CsvSource({"1", "4", "10"})
  void shouldDivideALongConversationAmongTheStreams(int rows) {
    Example[] book = new Example[400];
    Arrays.setAll(book, i -> new Example(new int[] {2 * i + 1, 2 * i + 2}, Chunk.UNLABELLED));
    List<Example[]> one = new ArrayList<>();
    one.add(book);

    List<Row> streams = read(one, 1, rows, 6, 0, 3);

    Map<Integer, Integer> times = new HashMap<>();
    for (Row stream : streams) {
      assertThat(stream.token.size()).isLessThanOrEqualTo(1200 / rows * 5 / 4 + 20);
      for (int at = 0; at + 1 < stream.token.size(); at++) {
        times.merge(stream.token.get(at), 1, Integer::sum);
        if (stream.token.get(at) % 2 == 1) {
          assertThat(stream.token.get(at + 1)).isEqualTo(stream.token.get(at) + 1);
        }
      }
    }
    assertThat(times.keySet()).hasSize(801); // every token, and the end of record
  }

  /** All streams, row by row, until the conversations are used up. */
  private static List<Row> read(
      List<Example[]> conversations,
      int chunks,
      int rows,
      int steps,
      double freshShare,
      long seed) {
    PackedStreams streams = new PackedStreams(conversations, chunks * rows, END, freshShare, seed);
    Chunk[] all = new Chunk[chunks];
    Arrays.setAll(all, i -> new Chunk(steps, rows));
    List<Row> read = new ArrayList<>();
    for (int i = 0; i < chunks * rows; i++) {
      read.add(new Row());
    }
    for (boolean more = true; more; ) {
      more = streams.next(all);
      for (int i = 0; i < chunks * rows; i++) {
        Chunk chunk = all[i / rows];
        Row row = read.get(i);
        for (int t = 0; t < steps; t++) {
          int at = t * rows + i % rows;
          row.token.add(chunk.token[at]);
          row.target.add(chunk.target[at]);
          row.reset.add(chunk.reset[at]);
          row.start.add(chunk.start[at]);
          row.label.add(chunk.label[at]);
        }
      }
    }
    return read;
  }

  /** Conversation i starts with token i + 1; every other token is above 1,000. */
  private static List<Example[]> conversations(int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Example[]> conversations = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      Example[] records = new Example[1 + random.nextInt(3)];
      for (int r = 0; r < records.length; r++) {
        int[] tokens = random.ints(1 + random.nextInt(6), 1001, 2000).toArray();
        tokens[0] = r == 0 ? i + 1 : tokens[0];
        records[r] = new Example(tokens, (byte) (random.nextInt(4) - 1));
      }
      conversations.add(records);
    }
    return conversations;
  }

  private static boolean isFirst(int token) {
    return token > END && token <= 1000;
  }

  /** A conversation as it stands in a stream, without the end of record behind its last record. */
  private static List<Integer> tokens(Example[] conversation) {
    List<Integer> tokens = new ArrayList<>();
    for (Example record : conversation) {
      if (!tokens.isEmpty()) {
        tokens.add(END);
      }
      Arrays.stream(record.tokens()).forEach(tokens::add);
    }
    return tokens;
  }
}
