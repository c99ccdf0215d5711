package io.undercurrent.serve;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * One who looks on, and what waits for it: at most {@value #QUEUE} events. Of a stream that is
 * faster than its viewer the oldest are left out and counted. Thread-safe.
 */
final class Viewer implements AutoCloseable {

  static final int QUEUE = 1_000;

  private final LiveFeed feed;
  private final boolean returning;
  private final Deque<LiveRecord> waiting = new ArrayDeque<>();
  private long leftOut;

  Viewer(LiveFeed feed, boolean returning) {
    this.feed = feed;
    this.returning = returning;
  }

  /** Whether what it has seen before is still good, and goes on. */
  boolean returning() {
    return returning;
  }

  synchronized void offer(LiveRecord event) {
    if (waiting.size() == QUEUE) {
      waiting.remove();
      leftOut++;
    }
    waiting.add(event);
    notifyAll();
  }

  synchronized void wake() {
    notifyAll();
  }

  /** Up to {@code max} events, oldest first; none if none comes within {@code ms}. */
  synchronized List<LiveRecord> take(int max, long ms) throws InterruptedException {
    if (waiting.isEmpty()) {
      wait(ms);
    }
    List<LiveRecord> taken = new ArrayList<>();
    while (!waiting.isEmpty() && taken.size() < max) {
      taken.add(waiting.remove());
    }
    return taken;
  }

  /** Events left out so far. */
  synchronized long leftOut() {
    return leftOut;
  }

  @Override
  public void close() {
    feed.leave(this);
  }
}
