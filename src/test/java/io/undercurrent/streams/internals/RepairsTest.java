package io.undercurrent.streams.internals;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.TaskId;
import org.junit.jupiter.api.Test;

class RepairsTest {

  private static final TaskId ZERO = new TaskId(0, 0);
  private static final TaskId ONE = new TaskId(0, 1);

  private long nanos = Long.MAX_VALUE - 5; // the clock may overflow
  private final Repairs repairs = new Repairs(true, () -> nanos);

  @Test
  void shouldRestoreATaskTwiceAnHour() {
    assertThat(repairs.take(ZERO)).isTrue();
    nanos += Repairs.PER.toNanos() / 2;
    assertThat(repairs.take(ZERO)).isTrue();
    assertThat(repairs.take(ZERO)).isFalse();
    assertThat(repairs.take(ONE)).isTrue();

    nanos += Repairs.PER.toNanos() / 2 + 1;
    assertThat(repairs.take(ZERO)).isTrue();
    assertThat(repairs.take(ZERO)).isFalse();
  }

  @Test
  void shouldRestoreOnceForAKey() {
    assertThat(repairs.take(ZERO, key(1))).isTrue();
    assertThat(repairs.take(ZERO, key(1))).isFalse();
    assertThat(repairs.take(ZERO, key(2))).isTrue();
    assertThat(repairs.take(ZERO, key(3))).isFalse();
    assertThat(repairs.take(ONE, key(1))).isTrue();

    nanos += Repairs.PER.toNanos() + 1;
    assertThat(repairs.take(ZERO, key(1))).isTrue();
  }

  @Test
  void shouldCountBothKindsTogether() {
    assertThat(repairs.take(ZERO, key(1))).isTrue();
    assertThat(repairs.take(ZERO)).isTrue();
    assertThat(repairs.take(ZERO, key(2))).isFalse();
  }

  @Test
  void shouldNotRestoreWithoutAChangelog() {
    Repairs none = new Repairs(false);

    assertThat(none.take(ZERO)).isFalse();
    assertThat(none.take(ZERO, key(1))).isFalse();
  }

  private static Bytes key(int of) {
    return Bytes.wrap(new byte[] {(byte) of});
  }
}
