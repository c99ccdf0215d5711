package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.metrics.EnrichmentMetrics;
import io.undercurrent.metrics.MeterCatalogue;
import io.undercurrent.streams.internals.ComputedAhead;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MeterTagsTest {

  @Test
  void shouldHaveEveryReasonInTheCatalogueOfMetersAndNoOther() {
    assertThat(values("`reason` of `undercurrent_dead_letters_total`"))
        .isEqualTo(BadRecordException.Reason.codes());
    assertThat(values("`reason` of `undercurrent_ahead_dropped_results_total`"))
        .isEqualTo(
            Stream.concat(
                    ComputedAhead.Dropped.codes().stream(),
                    Stream.of(EnrichmentMetrics.OTHER_REASON))
                .toList());
  }

  /** First cells of the table with this heading. */
  private static List<String> values(String heading) {
    return MeterCatalogue.markdown()
        .lines()
        .dropWhile(line -> !line.startsWith("| " + heading))
        .skip(2)
        .takeWhile(line -> line.startsWith("| "))
        .map(line -> line.split("`")[1])
        .toList();
  }
}
