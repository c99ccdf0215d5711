package io.undercurrent.streams.internals;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.TaskId;

/**
 * Says whether a task's broken stores are to be restored from their changelogs: not if they have
 * none, and at most twice an hour, so that a broken disk or changelog does not keep a task from
 * processing for ever. Thread-safe; the tasks of an enricher share one.
 */
public final class Repairs {

  /** At most so many restores of a task within {@link #PER}. */
  public static final int MAX = 2;

  static final Duration PER = Duration.ofHours(1);

  private final boolean changelogs;
  private final LongSupplier nanoTime;
  private final Map<TaskId, Task> tasks = new HashMap<>();

  /** The latest restores of a task. */
  private static final class Task {
    private final Deque<Long> nanos = new ArrayDeque<>();
    private final Map<Bytes, Long> keys = new HashMap<>(); // those that restores were for
  }

  /**
   * @param changelogs whether the stores have changelogs
   */
  public Repairs(boolean changelogs) {
    this(changelogs, System::nanoTime);
  }

  Repairs(boolean changelogs, LongSupplier nanoTime) {
    this.changelogs = changelogs;
    this.nanoTime = nanoTime;
  }

  /** Whether there are changelogs to restore from. */
  boolean haveChangelogs() {
    return changelogs;
  }

  /** Whether to restore a task now because its files are broken. If so, it counts. */
  public synchronized boolean take(TaskId task) {
    return changelogs && take(of(task));
  }

  /**
   * Whether to restore a task now because what is stored for a key is broken. If so, it counts. Not
   * if it was restored for this key before: then the changelog has the broken bytes too.
   */
  synchronized boolean take(TaskId task, Bytes key) {
    if (!changelogs || of(task).keys.containsKey(key) || !take(of(task))) {
      return false;
    }
    of(task).keys.put(key, nanoTime.getAsLong());
    return true;
  }

  private boolean take(Task task) {
    if (task.nanos.size() == MAX) {
      return false;
    }
    task.nanos.add(nanoTime.getAsLong());
    return true;
  }

  private Task of(TaskId id) {
    Task task = tasks.computeIfAbsent(id, any -> new Task());
    long now = nanoTime.getAsLong();
    task.nanos.removeIf(then -> now - then > PER.toNanos());
    task.keys.values().removeIf(then -> now - then > PER.toNanos());
    return task;
  }
}
