package io.undercurrent.serve;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * A lazily filled pool; each instance serves one request at a time. A request that finds all
 * instances taken waits {@value #PATIENCE_SECONDS} seconds and is then refused with 503, so that
 * questions take a bounded share of the machine from the stream. Thread-safe.
 */
final class Limited<T> {

  private static final int PATIENCE_SECONDS = 2;

  private final Semaphore permits;
  private final Supplier<T> maker;
  private final Deque<T> free = new ArrayDeque<>();

  Limited(int max, Supplier<T> maker) {
    permits = new Semaphore(max, true);
    this.maker = maker;
  }

  <R> R with(Function<T, R> work) {
    try {
      if (!permits.tryAcquire(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw busy();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw busy();
    }
    try {
      T instance = take();
      // An instance whose work failed is not used again: its scratch is in an unknown state.
      R result = work.apply(instance);
      give(instance);
      return result;
    } finally {
      permits.release();
    }
  }

  private static Problem busy() {
    return Problem.unavailable("too many requests are being computed: try again in a moment", 1);
  }

  private synchronized T take() {
    return free.isEmpty() ? maker.get() : free.pop();
  }

  private synchronized void give(T instance) {
    free.push(instance);
  }
}
