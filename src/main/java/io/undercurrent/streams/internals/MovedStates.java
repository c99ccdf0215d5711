package io.undercurrent.streams.internals;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * The last record of each partition that moved its key's state. Processors write it and the handler
 * of dead letters reads it; both find it in the application's configuration.
 *
 * <p>Thread-safe. Each stream thread sees what it wrote itself and nothing else: a record is
 * processed, and fails, on one thread.
 */
public final class MovedStates {

  /** Configuration: the application's {@code MovedStates}. */
  public static final String CONFIG = "undercurrent.moved.states";

  private record Task(Thread thread, TaskId id) {

    static Task current(TaskId id) {
      return new Task(Thread.currentThread(), id);
    }
  }

  private final Map<Task, Map<TopicPartition, Long>> offsets = new ConcurrentHashMap<>();

  /**
   * Those of an application.
   *
   * @param configs of Kafka Streams
   * @return null where the configuration has none
   */
  public static MovedStates of(Map<String, ?> configs) {
    return (MovedStates) configs.get(CONFIG);
  }

  /** A task begins or ends, and may read records again. */
  void clear(TaskId task) {
    offsets.remove(Task.current(task));
  }

  /** The state of the key of the record at {@code at} moves now, whatever happens downstream. */
  void move(TaskId task, RecordMetadata at) {
    offsets
        .computeIfAbsent(Task.current(task), any -> new HashMap<>())
        .put(new TopicPartition(at.topic(), at.partition()), at.offset());
  }

  /**
   * The offset of the last record of a partition that moved a state, in a task of this thread.
   *
   * @return -1 where there was none
   */
  public long last(TaskId task, String topic, int partition) {
    return offsets
        .getOrDefault(Task.current(task), Map.of())
        .getOrDefault(new TopicPartition(topic, partition), -1L);
  }
}
