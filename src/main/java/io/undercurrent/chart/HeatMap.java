package io.undercurrent.chart;

import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.HeatMapChart;
import org.knowm.xchart.style.HeatMapStyler;
import org.knowm.xchart.style.Styler.ChartTheme;

/**
 * A confusion matrix. Each cell shows how many per cent of the records of its row's class were
 * predicted as its column's class; beside each row stands its number of records. Immutable.
 */
public final class HeatMap extends Picture {

  private final String title;
  private final List<String> labels;
  private final long[][] counts; // (actual, predicted)

  /**
   * @param labels the classes, in the order of rows and columns
   * @param counts (actual, predicted) the number of records
   */
  public HeatMap(String title, List<String> labels, long[][] counts) {
    int n = labels.size();
    if (counts.length != n || Arrays.stream(counts).anyMatch(row -> row.length != n)) {
      throw new IllegalArgumentException(
          "counts must be %d rows of %d columns, found %s"
              .formatted(n, n, Arrays.deepToString(counts)));
    }
    this.title = title;
    this.labels = List.copyOf(labels);
    this.counts = Arrays.stream(counts).map(long[]::clone).toArray(long[][]::new);
  }

  @Override
  boolean isEmpty() {
    return Arrays.stream(counts).flatMapToLong(Arrays::stream).sum() == 0;
  }

  @Override
  BufferedImage draw() {
    int n = labels.size();
    List<String> rows = new ArrayList<>();
    List<Number[]> cells = new ArrayList<>();
    for (int actual = 0; actual < n; actual++) {
      long all = Arrays.stream(counts[actual]).sum();
      rows.add(String.format(Locale.ROOT, "%s (%,d)", labels.get(actual), all));
      for (int predicted = 0; predicted < n; predicted++) {
        double share = all == 0 ? 0 : 100.0 * counts[actual][predicted] / all;
        cells.add(new Number[] {predicted, n - 1 - actual, share}); // y grows upwards
      }
    }
    Collections.reverse(rows);

    HeatMapChart chart = new HeatMapChart(Style.HEIGHT * 5 / 4, Style.HEIGHT, ChartTheme.XChart);
    chart.setTitle(title);
    chart.setXAxisTitle("predicted");
    chart.setYAxisTitle("actual (records)");
    HeatMapStyler styler = chart.getStyler();
    Style.apply(styler);
    styler.setLegendVisible(false);
    styler.setPlotContentSize(1);
    styler.setPlotGridLinesVisible(false);
    styler.setRangeColors(new Color[] {Color.WHITE, Style.FULL});
    styler.setMin(0);
    styler.setMax(100);
    styler.setDrawBorder(true);
    styler.setShowValue(true);
    styler.setValueFont(Style.font(22));
    styler.setValueFontColor(Style.TEXT);
    styler.setHeatMapValueDecimalPattern("0.0' %'");
    chart.addSeries("share of the actual class, %", labels, rows, cells);
    return BitmapEncoder.getBufferedImage(chart);
  }
}
