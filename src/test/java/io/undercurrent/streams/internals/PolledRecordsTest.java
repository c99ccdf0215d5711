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

  private final PolledRecords mailbox = new PolledRecords();

  @Test
  void shouldKeepNothingOfPartitionsThatNobodyAskedFor() {
    mailbox.open(A);
    mailbox.polled(A, records(0, 3));
    mailbox.polled(B, records(0, 3));

    assertThat(mailbox.records()).isEqualTo(3);
  }

  @Test
  void shouldShowEveryReaderAllThatLiesAheadOfIt() {
    PolledRecords.Cursor one = mailbox.open(A);
    PolledRecords.Cursor other = mailbox.open(A);
    mailbox.polled(A, records(10, 20));

    assertThat(offsets(one.after(12, 3))).containsExactly(13L, 14L, 15L);
    assertThat(offsets(other.after(10, 100)))
        .containsExactly(11L, 12L, 13L, 14L, 15L, 16L, 17L, 18L, 19L);
    assertThat(offsets(one.after(17, 100))).containsExactly(18L, 19L);
    assertThat(offsets(other.after(15, 1))).containsExactly(16L);
    assertThat(mailbox.records()).isEqualTo(4); // what both have behind them is gone
  }

  @Test
  void shouldForgetWhatWasReadAnew() {
    PolledRecords.Cursor cursor = mailbox.open(A);
    mailbox.polled(A, records(0, 10));
    cursor.after(8, 1);
    mailbox.polled(A, records(9, 10)); // a task that has come back begins where it had committed
    assertThat(offsets(cursor.after(8, 10))).containsExactly(9L);
    mailbox.polled(A, records(3, 6));

    assertThat(offsets(cursor.after(3, 10))).containsExactly(4L, 5L);
  }

  @Test
  void shouldKeepNoMoreThanItsBounds() {
    PolledRecords.Cursor cursor = mailbox.open(A);
    mailbox.polled(A, records(0, 3 * PolledRecords.MAX_RECORDS));
    assertThat(mailbox.records()).isEqualTo(PolledRecords.MAX_RECORDS);
    assertThat(offsets(cursor.after(0, 2))).containsExactly(1L, 2L);

    byte[] large = new byte[(int) (PolledRecords.MAX_BYTES / 4)];
    mailbox.open(B);
    mailbox.polled(A, records(0, 1));
    for (int i = 0; i < 10; i++) {
      mailbox.polled(B, List.of(new ConsumerRecord<>("b", 0, i, null, large)));
    }
    assertThat(mailbox.bytes())
        .isBetween(PolledRecords.MAX_BYTES - large.length, PolledRecords.MAX_BYTES);
  }

  /** One whose records another node keeps asks no more, and must not block the other. */
  @Test
  void shouldNotWaitForAReaderThatHasStopped() {
    mailbox.open(A).after(0, 1);
    PolledRecords.Cursor cursor = mailbox.open(A);
    mailbox.polled(A, records(1, PolledRecords.MAX_RECORDS + 1));
    cursor.after(PolledRecords.MAX_RECORDS - 5, 1);
    mailbox.polled(A, records(PolledRecords.MAX_RECORDS + 1, PolledRecords.MAX_RECORDS + 10));

    assertThat(offsets(cursor.after(PolledRecords.MAX_RECORDS, 2)))
        .containsExactly(PolledRecords.MAX_RECORDS + 1L, PolledRecords.MAX_RECORDS + 2L);
  }

  @Test
  void shouldKeepNothingAfterTheLastReaderHasClosed() {
    PolledRecords.Cursor one = mailbox.open(A);
    PolledRecords.Cursor other = mailbox.open(A);
    mailbox.polled(A, records(0, 10));
    one.close();
    one.close();
    assertThat(mailbox.records()).isEqualTo(10);
    other.close();
    assertThat(mailbox.records()).isZero();
    assertThat(mailbox.bytes()).isZero();
    mailbox.polled(A, records(10, 20));
    assertThat(mailbox.records()).isZero();
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
