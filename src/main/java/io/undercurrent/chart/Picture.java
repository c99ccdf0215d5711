package io.undercurrent.chart;

import java.awt.image.BufferedImage;

/**
 * A picture that {@link Pictures} can draw. It holds plain numbers, so creating one needs neither
 * fonts nor AWT.
 */
public abstract sealed class Picture permits LineChart, HeatMap {

  Picture() {}

  /** Whether there is nothing to draw. */
  abstract boolean isEmpty();

  abstract BufferedImage draw();
}
