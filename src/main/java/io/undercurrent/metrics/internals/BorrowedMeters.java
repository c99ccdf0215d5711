package io.undercurrent.metrics.internals;

import io.undercurrent.metrics.internals.MeterCatalogue.Entry;
import java.util.List;

/**
 * Lists the meters of Kafka and the JVM that our dashboards and alerts read, with our own
 * descriptions. Tests check that an application exports all of them, and that dashboards and alerts
 * read no others.
 */
final class BorrowedMeters {

  private static final List<String> NONE = List.of();
  private static final List<String> THREAD = List.of("thread_id");
  private static final List<String> STORE = List.of("rocksdb_state_id", "task_id", "thread_id");

  static final List<Entry> ALL =
      List.of(
          gauge("jvm_gc_overhead", "share", NONE, "Share of time spent in garbage collection"),
          gauge(
              "jvm_memory_max_bytes",
              "bytes",
              List.of("area", "id"),
              "Maximum size of a memory pool; -1 if it has none"),
          gauge(
              "jvm_memory_usage_after_gc",
              "share",
              List.of("area", "pool"),
              "Share of the long-lived heap in use after the last garbage collection"),
          gauge("jvm_memory_used_bytes", "bytes", List.of("area", "id"), "Memory in use, by pool"),
          gauge(
              "kafka_consumer_fetch_manager_records_lag",
              "records",
              List.of("client_id", "partition", "topic"),
              "Lag of a partition, as of the last fetch; a topic with a dot in its name is listed"
                  + " twice"),
          gauge(
              "kafka_stream_alive_stream_threads",
              "threads",
              List.of("client_id"),
              "Stream threads that are running"),
          counter(
              "kafka_stream_failed_stream_threads_total",
              "threads",
              List.of("client_id"),
              "Stream threads that failed"),
          gauge(
              "kafka_stream_state_estimate_num_keys",
              "keys",
              STORE,
              "Entries of a store, as RocksDB estimates them; overwritten entries count until they"
                  + " are compacted"),
          gauge(
              "kafka_stream_state_size_all_mem_tables",
              "bytes",
              STORE,
              "RocksDB's memory tables of a store, outside the heap"),
          gauge(
              "kafka_stream_state_total_sst_files_size",
              "bytes",
              STORE,
              "Size of a store's files on disk"),
          gauge(
              "kafka_stream_thread_commit_latency_avg",
              "milliseconds",
              THREAD,
              "Mean time of a commit, over the last 30 s"),
          gauge(
              "kafka_stream_thread_commit_latency_max",
              "milliseconds",
              THREAD,
              "Longest time of a commit, over the last 30 s"),
          gauge(
              "kafka_stream_thread_commit_ratio",
              "share",
              THREAD,
              "Share of a thread's time spent on commits"),
          counter(
              "kafka_stream_thread_commit_total", "commits", THREAD, "Commits of a thread's tasks"),
          gauge(
              "kafka_stream_thread_poll_ratio",
              "share",
              THREAD,
              "Share of a thread's time spent waiting for records"),
          gauge(
              "kafka_stream_thread_process_ratio",
              "share",
              THREAD,
              "Share of a thread's time spent on processing"),
          gauge(
              "kafka_stream_thread_punctuate_ratio",
              "share",
              THREAD,
              "Share of a thread's time spent on punctuators"),
          counter(
              "kafka_stream_topic_records_consumed_total",
              "records",
              List.of("processor_node_id", "task_id", "thread_id", "topic"),
              "Records read from a source or repartition topic"),
          gauge(
              "process_cpu_usage",
              "share",
              NONE,
              "Share of the machine's processors that the process uses"),
          gauge(
              "process_start_time_seconds",
              "seconds",
              NONE,
              "Time at which the process started, since 1970-01-01 UTC"),
          gauge("system_cpu_usage", "share", NONE, "Share of the machine's processors in use"));

  private BorrowedMeters() {}

  private static Entry gauge(String name, String unit, List<String> tags, String description) {
    return new Entry(name, "gauge", unit, tags, description);
  }

  private static Entry counter(String name, String unit, List<String> tags, String description) {
    return new Entry(name, "counter", unit, tags, description);
  }
}
