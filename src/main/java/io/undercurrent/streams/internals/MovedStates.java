package io.undercurrent.streams.internals;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Remembers for each partition the last record that changed its key's state. Processors write it
 * and the dead-letter handler reads it; both find it in the application's configuration.
 *
 * <p>Thread-safe. Each thread sees only its own entries, because a record is processed, and fails,
 * on one thread.
 */
public final class MovedStates {

  /** Key of the application's configuration; the value is an object of this class. */
  public static final String CONFIG = "undercurrent.moved.states";

  private record Task(Thread thread, TaskId id) {

    static Task current(TaskId id) {
      return new Task(Thread.currentThread(), id);
    }
  }

  private final Map<Task, Map<TopicPartition, Long>> offsets = new ConcurrentHashMap<>();

  /**
   * The object of an application.
   *
   * @param configs the configuration of Kafka Streams
   * @return null if the configuration has none
   */
  public static MovedStates from(Map<String, ?> configs) {
    return (MovedStates) configs.get(CONFIG);
  }

  /** Removes a task's entries. A task that starts again may read records again. */
  void clear(TaskId task) {
    offsets.remove(Task.current(task));
  }

  /**
   * Records that the record at a position changes its key's state now, even if it fails downstream.
   */
  void stateMoved(TaskId task, RecordMetadata position) {
    offsets
        .computeIfAbsent(Task.current(task), any -> new HashMap<>())
        .put(new TopicPartition(position.topic(), position.partition()), position.offset());
  }

  /**
   * The offset of the last record of a partition that changed a state, in a task of this thread.
   *
   * @return -1 if there is none
   */
  public long lastMovedOffset(TaskId task, String topic, int partition) {
    return offsets
        .getOrDefault(Task.current(task), Map.of())
        .getOrDefault(new TopicPartition(topic, partition), -1L);
  }
}
