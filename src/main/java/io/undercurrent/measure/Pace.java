package io.undercurrent.measure;

import java.util.function.BooleanSupplier;

/** When each of many messages is due, at so many a second from now. */
public final class Pace {
  private static final long MOST_NANOS = 50_000_000; // between two looks at whether to go on

  private final double perSecond;
  private final long startNanos = System.nanoTime();

  /**
   * @param perSecond above 0; infinity for as fast as it goes
   */
  public Pace(double perSecond) {
    this.perSecond = perSecond;
  }

  /** When a message is due, as {@link System#nanoTime} counts. */
  long due(long number) {
    return startNanos + (long) (number / perSecond * 1e9);
  }

  /**
   * Waits until a message is due.
   *
   * @param number of the message, from 0
   * @param goOn whether to wait any longer
   * @return false if it was told not to go on
   */
  public boolean await(long number, BooleanSupplier goOn) throws InterruptedException {
    long due = due(number);
    while (goOn.getAsBoolean()) {
      long wait = Math.min(MOST_NANOS, due - System.nanoTime());
      if (wait <= 0) {
        return true;
      }
      Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
    }
    return false;
  }

  /** Waits until a message is due, and gives when that was. */
  long await(long number) throws InterruptedException {
    await(number, () -> true);
    return due(number);
  }
}
