package io.undercurrent.measure;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.LetterModel;
import io.undercurrent.model.CellType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrecisionBenchTest {

  @TempDir Path out;

  @Test
  void shouldReportDifferencesForEachPartOfTheHistory() {
    List<Map<String, Object>> rows = measure(CellType.LSTM, 1);

    assertThat(rows)
        .extracting(row -> row.get("records"))
        .containsExactly("1-20", "21-40", "41-60", "61-80", "81-100", "1-100");
    assertThat(rows)
        .allSatisfy(
            row -> {
              double mean = (Double) row.get("probabilityMean");
              double max = (Double) row.get("probabilityMax");
              assertThat(mean).isPositive().isLessThan(max);
              assertThat(max).isLessThan(0.01);
              assertThat((Double) row.get("bitsMax")).isPositive().isLessThan(0.1);
            });
  }

  /** A state that rounding does not change gives no differences. */
  @Test
  void shouldFindNoDifferenceWhereThereIsNone() {
    assertThat(measure(CellType.FFNN, 3))
        .allSatisfy(
            row -> {
              assertThat((Double) row.get("probabilityMax")).isZero();
              assertThat((Double) row.get("bitsMax")).isZero();
              assertThat(row.get("otherLabel")).isEqualTo(0);
              assertThat(row.get("otherNextToken")).isEqualTo(0);
            });
  }

  private List<Map<String, Object>> measure(CellType kind, int window) {
    List<String> texts = List.of("a b c", "d", "x y", "", "e f g h");
    Setup setup = new Setup(LetterModel.of(kind, window, 1), "unused", texts, 100, 125, 1, 1, out);
    String table = new PrecisionBench(setup).run(new Silent());
    assertThat(table.lines()).hasSize(7);
    return Report.read(out.resolve("precision.json"));
  }

  private static final class Silent implements Progress {
    @Override
    public void begins(String what, long records) {}

    @Override
    public void done(long records) {}

    @Override
    public void ends(String result) {}
  }
}
