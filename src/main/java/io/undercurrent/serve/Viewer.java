package io.undercurrent.serve;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * A viewer of the feed with its queue of at most {@value #QUEUE} events. When the queue is full the
 * oldest event is left out and counted. Thread-safe.
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

  /** Whether its stream continues after the last event that the viewer had. */
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

  /** Up to {@code max} events, oldest first; an empty list if none comes within {@code ms}. */
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
