package io.undercurrent.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.apache.kafka.streams.KafkaStreams;

/** The meters that Kafka Streams and its clients have of their own, while it runs. */
final class KafkaMeters implements AutoCloseable {

  /**
   * Tasks, stores and partitions come and go with rebalances: a lag should not be missing for a
   * minute, which is the binder's own pace.
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

  KafkaMeters(KafkaStreams streams) {
    metrics = new KafkaStreamsMetrics(streams, List.of(), scheduler, REFRESH);
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
