/**
 * Draws pictures of numbers that are also on disk: curves over steps, and confusion matrices. They
 * are PNG files, drawn with XChart without a screen; no other package uses XChart or AWT. On a
 * machine that cannot draw, one line says what to install, and the work continues without pictures.
 */
package io.undercurrent.chart;
