package io.undercurrent.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendLayout;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.lines.SeriesLines;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Named lines over one x axis. A line has gaps at values that are not finite, or that a logarithmic
 * axis cannot show. Not thread-safe.
 */
public final class LineChart extends Picture {

  /**
   * A line of at most this many points has a marker at each, so that even a single point is
   * visible.
   */
  private static final int MARKED_POINTS = 40;

  /** The chars of all names that fit into one line under the chart. */
  private static final int LEGEND_CHARS = 70;

  /**
   * A logarithmic axis of more decades is labelled by exponents, because XChart labels every
   * decade.
   */
  private static final double MAX_DECADES = 8;

  private record Line(String name, double[] x, double[] y, boolean level) {}

  private final String title;
  private final String xAxis;
  private final String yAxis;
  private final List<Line> lines = new ArrayList<>();
  private boolean logarithmic;
  private double from = Double.NaN;
  private double to = Double.NaN;

  /**
   * @param xAxis the label of the x axis, with its unit
   * @param yAxis the label of the y axis, with its unit
   */
  public LineChart(String title, String xAxis, String yAxis) {
    this.title = title;
    this.xAxis = xAxis;
    this.yAxis = yAxis;
  }

  /** Makes the y axis logarithmic. */
  public LineChart logarithmic() {
    logarithmic = true;
    return this;
  }

  /** Sets the range of the y axis; values outside it are not drawn. */
  public LineChart between(double min, double max) {
    from = min;
    to = max;
    return this;
  }

  /**
   * Adds a line.
   *
   * @param name unique in this chart
   * @param x ascending, as many values as {@code y}
   */
  public LineChart line(String name, double[] x, double[] y) {
    if (x.length != y.length) {
      throw new IllegalArgumentException(
          name + " must have as many values of x as of y, found " + x.length + " and " + y.length);
    }
    lines.add(new Line(name, x.clone(), y.clone(), false));
    return this;
  }

  /**
   * Adds a dashed horizontal line, such as a baseline, over the x range of the lines added so far.
   */
  public LineChart level(String name, double y) {
    double[] ends =
        lines.stream().flatMapToDouble(line -> Arrays.stream(line.x)).sorted().toArray();
    if (ends.length > 0) {
      double[] x = {ends[0], ends[ends.length - 1]};
      lines.add(new Line(name, x, new double[] {y, y}, true));
    }
    return this;
  }

  /** Adds a dashed line to compare others with, such as the diagonal. */
  public LineChart reference(String name, double[] x, double[] y) {
    line(name, x, y);
    lines.set(lines.size() - 1, new Line(name, x.clone(), y.clone(), true));
    return this;
  }

  @Override
  boolean isEmpty() {
    return lines.stream().noneMatch(this::isVisible);
  }

  private boolean isVisible(Line line) {
    return Arrays.stream(line.y).anyMatch(this::isShown);
  }

  private boolean isShown(double y) {
    return Double.isFinite(y) && (!logarithmic || y > 0) && !(y < from) && !(y > to);
  }

  @Override
  BufferedImage draw() {
    XYChart chart = new XYChart(Style.WIDTH, Style.HEIGHT);
    chart.setTitle(title);
    chart.setXAxisTitle(xAxis);
    chart.setYAxisTitle(yAxis);
    XYStyler styler = chart.getStyler();
    Style.apply(styler);
    boolean fewNames = lines.stream().mapToInt(line -> line.name.length()).sum() <= LEGEND_CHARS;
    styler.setLegendPosition(fewNames ? LegendPosition.OutsideS : LegendPosition.OutsideE);
    styler.setLegendLayout(fewNames ? LegendLayout.Horizontal : LegendLayout.Vertical);
    if (Double.isFinite(from)) {
      styler.setYAxisMin(from);
      styler.setYAxisMax(to);
    }
    double[] shown =
        lines.stream().flatMapToDouble(l -> Arrays.stream(l.y)).filter(this::isShown).toArray();
    double decades =
        logarithmic
            ? Math.log10(Arrays.stream(shown).max().orElseThrow())
                - Math.log10(Arrays.stream(shown).min().orElseThrow())
            : 0;
    boolean exponents = decades > MAX_DECADES;
    styler.setYAxisLogarithmic(logarithmic && !exponents);
    styler.setYAxisLogarithmicDecadeOnly(decades > 1);
    if (exponents) {
      styler.setyAxisTickLabelsFormattingFunction(y -> String.format(Locale.ROOT, "1e%.0f", y));
    }
    spreadTicks(chart, exponents ? Math.log10(shown[0]) : shown[0]);
    int colour = 0;
    for (Line line : lines) {
      if (isVisible(line)) {
        add(chart, line, exponents, Style.LINES[colour++ % Style.LINES.length]);
      }
    }
    return BitmapEncoder.getBufferedImage(chart);
  }

  /**
   * Adds two invisible points, so that XChart puts ticks at round numbers. For evenly spaced points
   * it would put them at multiples of their distance, such as 1,900 and 3,800.
   */
  private void spreadTicks(XYChart chart, double y) {
    double[] x = lines.stream().flatMapToDouble(line -> Arrays.stream(line.x)).sorted().toArray();
    if (x.length > MARKED_POINTS) {
      XYSeries ends =
          chart.addSeries("ends", new double[] {x[0], x[x.length - 1]}, new double[] {y, y});
      ends.setLineStyle(SeriesLines.NONE);
      ends.setMarker(SeriesMarkers.NONE);
      ends.setShowInLegend(false);
    }
  }

  private void add(XYChart chart, Line line, boolean exponents, Color colour) {
    double[] y =
        Arrays.stream(line.y)
            .map(v -> isShown(v) ? v : Double.NaN)
            .map(v -> exponents ? Math.log10(v) : v)
            .toArray();
    XYSeries series = chart.addSeries(line.name, line.x, y);
    series.setLineColor(line.level ? Style.LEVEL : colour);
    series.setLineStyle(line.level ? Style.DASHED : new BasicStroke(2.5f));
    boolean marked = !line.level && y.length <= MARKED_POINTS;
    series.setMarker(marked ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE);
    series.setMarkerColor(colour);
  }
}
