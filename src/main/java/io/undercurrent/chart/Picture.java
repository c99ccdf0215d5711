package io.undercurrent.chart;

import java.awt.image.BufferedImage;

/**
 * Something {@link Pictures} can draw. Holds plain numbers: making one needs neither font nor AWT.
 */
public abstract sealed class Picture permits LineChart, HeatMap {

  Picture() {}

  /** Whether there is anything to see. */
  abstract boolean isEmpty();

  abstract BufferedImage draw();
}
