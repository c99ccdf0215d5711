package io.undercurrent.streams.internals;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The records that each stream thread of an application has polled and not yet processed. A {@link
 * LookAheadInterceptor} registers its thread's records; processors look them up. Thread-safe.
 */
public final class PolledByThread {

  /** Key of the main consumer's configuration; the value is this object. */
  public static final String CONFIG = "undercurrent.look.ahead";

  private final Map<Thread, PolledRecords> byThread = new ConcurrentHashMap<>();
  private final AtomicBoolean warned = new AtomicBoolean();

  /** The records that the current thread has polled; null if this thread registered none. */
  PolledRecords ofCurrentThread() {
    return byThread.get(Thread.currentThread());
  }

  /** Registers the collection into which the current thread polls from now on. */
  void register(PolledRecords polledRecords) {
    byThread.put(Thread.currentThread(), polledRecords);
  }

  /** Removes a collection into which no thread polls any more. */
  void unregister(PolledRecords polledRecords) {
    byThread.values().remove(polledRecords);
  }

  /** Whether the caller is the first to ask; it then warns that a thread registered nothing. */
  boolean warnNow() {
    return !warned.getAndSet(true);
  }

  /** The number of threads that are registered. */
  int threads() {
    return byThread.size();
  }
}
