package io.undercurrent.streams.internals;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The mailboxes of an application's stream threads. Thread-safe. */
public final class PolledByThread {

  /** Setting of the main consumer: this object. */
  public static final String CONFIG = "undercurrent.look.ahead";

  private final Map<Thread, PolledRecords> mailboxes = new ConcurrentHashMap<>();

  /** What the calling thread has polled; null for a thread that polls nothing. */
  PolledRecords ofThisThread() {
    return mailboxes.get(Thread.currentThread());
  }

  /** The calling thread polls into {@code mailbox} from now on. */
  void bind(PolledRecords mailbox) {
    mailboxes.put(Thread.currentThread(), mailbox);
  }

  /** Nobody polls into {@code mailbox} any more. */
  void release(PolledRecords mailbox) {
    mailboxes.values().remove(mailbox);
  }

  /** Threads that poll. */
  int threads() {
    return mailboxes.size();
  }
}
