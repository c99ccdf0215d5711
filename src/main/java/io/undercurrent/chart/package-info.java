/**
 * Pictures of numbers that are on disk as well: lines over steps, heat maps of confusion. PNG,
 * drawn with XChart without a screen; the only place that knows XChart and AWT. Where a machine
 * cannot draw, one line says what to install and the work goes on.
 */
package io.undercurrent.chart;
