package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class DemoPlayTest {

  @Test
  void shouldReportTheSlowestOfFewRecordsAsThe99thPercentile() {
    Histogram nanos = new Histogram(3);
    nanos.recordValue(2_000_000_000L);
    nanos.recordValue(3_000_000_000L);
    assertThat(DemoPlay.latencies(nanos))
        .contains("median 2001 ms, 99 % within 3001 ms"); // to three digits, rounded up
    for (int i = 0; i < 98; i++) {
      nanos.recordValue(1_000_000_000L);
    }
    assertThat(DemoPlay.latencies(nanos)).containsPattern("median 100[01] ms, 99 % within 2001 ms");
  }
}
