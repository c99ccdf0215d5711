package io.undercurrent.cli;

import java.util.function.BooleanSupplier;

/** When each of many messages is due, at so many a second from now. */
final class Pace {
  private static final long MOST_NANOS = 50_000_000; // between two looks at whether to go on

  private final double perSecond;
  private final long startNanos = System.nanoTime();

  /**
   * @param perSecond above 0; infinity for as fast as it goes
   */
  Pace(double perSecond) {
    this.perSecond = perSecond;
  }

  /**
   * Waits until a message is due.
   *
   * @param number of the message, from 0
   * @param goOn whether to wait any longer
   * @return false if it was told not to go on
   */
  boolean await(long number, BooleanSupplier goOn) throws InterruptedException {
    long due = startNanos + (long) (number / perSecond * 1e9);
    while (goOn.getAsBoolean()) {
      long wait = due - System.nanoTime();
      if (wait <= 0) {
        return true;
      }
      Thread.sleep(Math.min(MOST_NANOS, wait) / 1_000_000 + 1);
    }
    return false;
  }
}
