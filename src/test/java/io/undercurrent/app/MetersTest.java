package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;

class MetersTest {

  @Test
  void shouldScrapeAgainIfAMeterIsReplacedMeanwhile() {
    Failing registry = new Failing(2);
    registry.counter("records").increment();

    assertThat(Meters.scrape(registry)).contains("records_total 1.0");
    assertThat(registry.scrapes).isEqualTo(3);
  }

  @Test
  void shouldReportAFailureThatStays() {
    assertThatThrownBy(() -> Meters.scrape(new Failing(Integer.MAX_VALUE)))
        .hasMessage("Duplicate labels");
  }

  /** Fails some times, as a registry does whose meters are replaced while it is scraped. */
  private static final class Failing extends PrometheusMeterRegistry {
    private final int failures;
    private int scrapes;

    private Failing(int failures) {
      super(PrometheusConfig.DEFAULT);
      this.failures = failures;
    }

    @Override
    public String scrape() {
      if (scrapes++ < failures) {
        throw new IllegalArgumentException("Duplicate labels");
      }
      return super.scrape();
    }
  }
}
