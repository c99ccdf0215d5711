package io.undercurrent.chart;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.util.Locale;
import org.knowm.xchart.style.AxesChartStyler;

/** The look of all pictures: a white ground, light axes, readable at half their size. */
final class Style {

  static final int WIDTH = 1200;
  static final int HEIGHT = 640;

  static final Color TEXT = new Color(0x33, 0x33, 0x33);
  static final Color LEVEL = new Color(0x88, 0x88, 0x88);
  static final Color FULL = new Color(0x4c, 0x9b, 0xd6);

  /** Colours that colour-blind readers can tell apart (Okabe and Ito 2008). */
  static final Color[] LINES = {
    new Color(0x00, 0x72, 0xb2),
    new Color(0xd5, 0x5e, 0x00),
    new Color(0x00, 0x9e, 0x73),
    new Color(0xcc, 0x79, 0xa7),
    new Color(0xe6, 0x9f, 0x00),
    new Color(0x56, 0xb4, 0xe9)
  };

  static final BasicStroke DASHED =
      new BasicStroke(
          2f, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND, 1f, new float[] {8f, 6f}, 0f);

  private static final Color GRID = new Color(0xe4, 0xe4, 0xe4);

  private Style() {}

  static Font font(int size) {
    return new Font(Font.SANS_SERIF, Font.PLAIN, size);
  }

  static void apply(AxesChartStyler styler) {
    styler.setLocale(Locale.ROOT);
    styler.setChartBackgroundColor(Color.WHITE);
    styler.setChartFontColor(TEXT);
    styler.setChartPadding(16);
    styler.setChartTitleFont(font(24));
    styler.setChartTitleBoxVisible(false);
    styler.setChartTitlePadding(10);
    styler.setAxisTitleFont(font(20));
    styler.setAxisTickLabelsFont(font(18));
    styler.setAxisTickLabelsColor(TEXT);
    styler.setAxisTickMarksColor(GRID);
    styler.setAxisTickPadding(8);
    styler.setXAxisTickMarkSpacingHint(120);
    styler.setYAxisTickMarkSpacingHint(60);
    styler.setPlotBorderVisible(false);
    styler.setPlotGridLinesColor(GRID);
    styler.setPlotGridLinesStroke(new BasicStroke(1f));
    styler.setPlotGridVerticalLinesVisible(false);
    styler.setPlotMargin(0);
    styler.setLegendFont(font(19));
    styler.setLegendBorderColor(Color.WHITE);
    styler.setLegendSeriesLineLength(36);
    styler.setMarkerSize(9);
    styler.setAntiAlias(true);
  }
}
