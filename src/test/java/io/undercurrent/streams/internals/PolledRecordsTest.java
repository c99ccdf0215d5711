package io.undercurrent.streams.internals;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.stream.LongStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class PolledRecordsTest {

  private static final TopicPartition A = new TopicPartition("a", 0);
  private static final TopicPartition B = new TopicPartition("b", 0);

  private final PolledRecords polledRecords = new PolledRecords();

  @Test
  void shouldKeepOnlyPartitionsWithACursor() {
    polledRecords.openCursor(A);
    polledRecords.add(A, records(0, 3));
    polledRecords.add(B, records(0, 3));

    assertThat(polledRecords.records()).isEqualTo(3);
  }

  @Test
  void shouldShowEachCursorAllRecordsAfterIt() {
    PolledRecords.Cursor one = polledRecords.openCursor(A);
    PolledRecords.Cursor other = polledRecords.openCursor(A);
    polledRecords.add(A, records(10, 20));

    assertThat(offsets(one.recordsAfter(12, 3))).containsExactly(13L, 14L, 15L);
    assertThat(offsets(other.recordsAfter(10, 100)))
        .containsExactly(11L, 12L, 13L, 14L, 15L, 16L, 17L, 18L, 19L);
    assertThat(offsets(one.recordsAfter(17, 100))).containsExactly(18L, 19L);
    assertThat(offsets(other.recordsAfter(15, 1))).containsExactly(16L);
    assertThat(polledRecords.records())
        .isEqualTo(4); // records that both cursors have passed are dropped
  }

  @Test
  void shouldReplaceRecordsThatAreReadAgain() {
    PolledRecords.Cursor cursor = polledRecords.openCursor(A);
    polledRecords.add(A, records(0, 10));
    cursor.recordsAfter(8, 1);
    polledRecords.add(A, records(9, 10)); // a task that comes back reads from its committed offset
    assertThat(offsets(cursor.recordsAfter(8, 10))).containsExactly(9L);
    polledRecords.add(A, records(3, 6));

    assertThat(offsets(cursor.recordsAfter(3, 10))).containsExactly(4L, 5L);
  }

  @Test
  void shouldKeepNoMoreThanItsLimits() {
    PolledRecords.Cursor cursor = polledRecords.openCursor(A);
    polledRecords.add(A, records(0, 3 * PolledRecords.MAX_RECORDS));
    assertThat(polledRecords.records()).isEqualTo(PolledRecords.MAX_RECORDS);
    assertThat(offsets(cursor.recordsAfter(0, 2))).containsExactly(1L, 2L);

    byte[] large = new byte[(int) (PolledRecords.MAX_BYTES / 4)];
    polledRecords.openCursor(B);
    polledRecords.add(A, records(0, 1));
    for (int i = 0; i < 10; i++) {
      polledRecords.add(B, List.of(new ConsumerRecord<>("b", 0, i, null, large)));
    }
    assertThat(polledRecords.bytes())
        .isBetween(PolledRecords.MAX_BYTES - large.length, PolledRecords.MAX_BYTES);
  }

  /**
   * A cursor that stands still, because another node reads the partition, must not block the
   * others.
   */
  @Test
  void shouldNotWaitForACursorThatStandsStill() {
    polledRecords.openCursor(A).recordsAfter(0, 1);
    PolledRecords.Cursor cursor = polledRecords.openCursor(A);
    polledRecords.add(A, records(1, PolledRecords.MAX_RECORDS + 1));
    cursor.recordsAfter(PolledRecords.MAX_RECORDS - 5, 1);
    polledRecords.add(A, records(PolledRecords.MAX_RECORDS + 1, PolledRecords.MAX_RECORDS + 10));

    assertThat(offsets(cursor.recordsAfter(PolledRecords.MAX_RECORDS, 2)))
        .containsExactly(PolledRecords.MAX_RECORDS + 1L, PolledRecords.MAX_RECORDS + 2L);
  }

  @Test
  void shouldKeepNothingAfterTheLastCursorIsClosed() {
    PolledRecords.Cursor one = polledRecords.openCursor(A);
    PolledRecords.Cursor other = polledRecords.openCursor(A);
    polledRecords.add(A, records(0, 10));
    one.close();
    one.close();
    assertThat(polledRecords.records()).isEqualTo(10);
    other.close();
    assertThat(polledRecords.records()).isZero();
    assertThat(polledRecords.bytes()).isZero();
    polledRecords.add(A, records(10, 20));
    assertThat(polledRecords.records()).isZero();
  }

  private static List<ConsumerRecord<byte[], byte[]>> records(long from, long to) {
    return LongStream.range(from, to)
        .mapToObj(offset -> new ConsumerRecord<>("a", 0, offset, new byte[1], new byte[2]))
        .toList();
  }

  private static List<Long> offsets(List<ConsumerRecord<byte[], byte[]>> records) {
    return records.stream().map(ConsumerRecord::offset).toList();
  }
}
