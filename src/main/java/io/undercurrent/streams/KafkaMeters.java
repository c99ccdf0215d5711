package io.undercurrent.streams;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import io.undercurrent.metrics.MeterNames;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.kafka.streams.KafkaStreams;

/**
 * Registers the meters that Kafka Streams and its clients bring, until it is closed. Used by one
 * thread at a time.
 */
final class KafkaMeters implements AutoCloseable {

  /**
   * How often the binder looks for new meters. Rebalances add tasks, stores and partitions; with
   * the default of a minute their meters would be missing for that long.
   */
  private static final Duration REFRESH = Duration.ofSeconds(5);

  private final ScheduledExecutorService scheduler =
      Executors.newSingleThreadScheduledExecutor(
          run -> {
            Thread thread = new Thread(run, "kafka-meters");
            thread.setDaemon(true);
            return thread;
          });
  private final KafkaStreamsMetrics metrics;

  KafkaMeters(KafkaStreams streams, String topology) {
    List<Tag> tags = List.of(Tag.of(MeterNames.TOPOLOGY, topology));
    metrics = new KafkaStreamsMetrics(streams, tags, scheduler, REFRESH);
  }

  void bindTo(MeterRegistry registry) {
    metrics.bindTo(registry);
  }

  @Override
  public void close() {
    scheduler.shutdownNow();
    metrics.close();
  }
}
