package io.undercurrent.cli;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.streams.KafkaStreams;

/** The meters that Kafka Streams and its clients have of their own, while it runs. */
final class KafkaMeters implements AutoCloseable {

  /**
   * Tasks, stores and partitions come and go with rebalances: a lag should not be missing for a
   * minute, which is the binder's own pace.
   */
  private static final long REFRESH_SECONDS = 5;

  private final ScheduledThreadPoolExecutor scheduler = new Refresh();
  private final KafkaStreamsMetrics metrics;

  KafkaMeters(KafkaStreams streams) {
    metrics = new KafkaStreamsMetrics(streams, List.of(), scheduler);
  }

  void bindTo(MeterRegistry registry) {
    metrics.bindTo(registry);
  }

  @Override
  public void close() {
    scheduler.shutdownNow();
    metrics.close();
  }

  /** The binder schedules its refreshes itself; here they come sooner. */
  private static final class Refresh extends ScheduledThreadPoolExecutor {
    Refresh() {
      super(
          1,
          run -> {
            Thread thread = new Thread(run, "kafka-meters");
            thread.setDaemon(true);
            return thread;
          });
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(
        Runnable command, long initialDelay, long period, TimeUnit unit) {
      return super.scheduleAtFixedRate(command, REFRESH_SECONDS, REFRESH_SECONDS, TimeUnit.SECONDS);
    }
  }
}
