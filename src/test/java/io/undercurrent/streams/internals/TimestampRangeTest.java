package io.undercurrent.streams.internals;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TimestampRangeTest {

  private static final long NOW_MS = 1_790_000_000_000L;

  @Test
  void shouldLeaveAMarginForClocksThatDiffer() {
    TimestampRange hour = new TimestampRange(3_600_000, 3_600_000);
    assertThat(hour.problem(NOW_MS + 3_590_000, NOW_MS)).isEmpty();
    assertThat(hour.problem(NOW_MS - 3_590_000, NOW_MS)).isEmpty();
    assertThat(hour.problem(NOW_MS + 3_590_001, NOW_MS)).isPresent();
    assertThat(hour.problem(NOW_MS - 3_590_001, NOW_MS))
        .contains(
            "not be more than 3590000 ms before the present"
                + " (message.timestamp.before.max.ms=3600000 of a topic to be written, less 10000 ms"
                + " for clocks that differ), found 2026-09-21T13:13:29.999Z");
    assertThat(new TimestampRange(2_000, 0).problem(NOW_MS - 1_000, NOW_MS)).isEmpty();
    assertThat(new TimestampRange(2_000, 0).problem(NOW_MS, NOW_MS)).isEmpty();
  }

  @Test
  void shouldAcceptEveryTimestampWithoutLimits() {
    for (long timestampMs : new long[] {0, NOW_MS, Long.MAX_VALUE}) {
      assertThat(TimestampRange.ANY.problem(timestampMs, NOW_MS)).isEmpty();
    }
    TimestampRange both = new TimestampRange(5, 9).and(new TimestampRange(7, 8));
    assertThat(both).isEqualTo(new TimestampRange(5, 8));
  }
}
