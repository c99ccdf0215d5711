package io.undercurrent.measure;

import java.util.function.BooleanSupplier;

/**
 * Paces messages at a fixed rate: message n is due n / rate seconds after this object was made.
 * Thread-safe.
 */
public final class Pace {
  private static final long MAX_SLEEP_NANOS = 50_000_000; // between two calls of shouldContinue

  private final double perSecond;
  private final long startNanos = System.nanoTime();

  /**
   * @param perSecond messages a second, above 0; infinity for no limit
   */
  public Pace(double perSecond) {
    this.perSecond = perSecond;
  }

  /** The time when a message is due, on the clock of {@link System#nanoTime}. */
  long due(long number) {
    return startNanos + (long) (number / perSecond * 1e9);
  }

  /**
   * Waits until a message is due.
   *
   * @param number the message's number, from 0
   * @param shouldContinue false ends the wait early
   * @return true if the message is due, false if {@code shouldContinue} ended the wait
   */
  public boolean await(long number, BooleanSupplier shouldContinue) throws InterruptedException {
    long due = due(number);
    while (shouldContinue.getAsBoolean()) {
      long wait = Math.min(MAX_SLEEP_NANOS, due - System.nanoTime());
      if (wait <= 0) {
        return true;
      }
      Thread.sleep(wait / 1_000_000, (int) (wait % 1_000_000));
    }
    return false;
  }

  /** Waits until a message is due, and returns the time when it was due. */
  long await(long number) throws InterruptedException {
    await(number, () -> true);
    return due(number);
  }
}
