package io.undercurrent.measure;

import io.undercurrent.measure.Cluster.Input;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLongArray;
import org.HdrHistogram.DoubleHistogram;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Measures the latency from sending a record to reading its enriched record, at a steady rate. It
 * has two readers: one that reads a record as soon as it is written (<i>processed</i>), and one
 * that reads it when its transaction is committed (<i>visible</i>). Both times come from this JVM's
 * clock.
 *
 * <p>Records are due at fixed times, and each latency starts when its record was due. So a stall
 * counts for every record that it delays.
 */
public final class LatencyBench {

  private static final String FROM = "latency-messages";
  private static final String TO = "latency-enriched";
  private static final String NUMBER = "number"; // header; the application keeps it
  private static final Duration WAIT = Duration.ofSeconds(60);

  private final Setup setup;
  private final int batch;

  public LatencyBench(Setup setup, int batch) {
    this.setup = setup;
    this.batch = batch;
  }

  /**
   * Sends {@link Setup#records()} records and writes {@code latency.json}. The first half warms up
   * the JVM, which cannot keep the rate just after its start. The second half is sent after all of
   * the first half was read.
   *
   * @param rate records a second
   * @return the table
   */
  public String run(Cluster cluster, Path folder, double rate, Progress progress)
      throws InterruptedException {
    int records = Math.toIntExact(setup.records());
    int skipped = Math.toIntExact(setup.skipped(records));
    cluster.createTopic(FROM, 2);
    cluster.createTopic(TO, 2);
    Case what = new Case(Case.ENRICH, Case.EXACTLY_ONCE, batch, setup.threads());
    progress.begins("%s, %.0f records/s".formatted(what, rate), records);
    long[] due = new long[records];
    try (App app = new App(cluster, what, "bench-latency", FROM, TO, folder, setup.modelPath());
        Reader processed = new Reader(cluster, "read_uncommitted", records);
        Reader visible = new Reader(cluster, "read_committed", records)) {
      send(cluster, rate, due, 0, skipped, progress);
      visible.await(skipped);
      send(cluster, rate, due, skipped, records, progress);
      visible.await(records);
      processed.await(records);
      app.sample();
      progress.ends("all read");
      Report report = new Report();
      row(report, "processed", rate, processed, due, skipped);
      row(report, "visible", rate, visible, due, skipped);
      report.write(setup.out().resolve("latency.json"));
      return report.table();
    }
  }

  private void send(Cluster cluster, double rate, long[] due, int from, int to, Progress progress)
      throws InterruptedException {
    try (KafkaProducer<byte[], byte[]> producer = cluster.producer(Map.of())) {
      Pace pace = new Pace(rate);
      for (int i = from; i < to; i++) {
        due[i] = pace.await(i - from);
        Input input = setup.input(i);
        byte[] number = ByteBuffer.allocate(Integer.BYTES).putInt(i).array();
        producer.send(
            new ProducerRecord<>(
                FROM, null, input.key(), input.value(), new RecordHeaders().add(NUMBER, number)));
        progress.done(i + 1);
      }
    }
  }

  private static void row(
      Report report, String what, double rate, Reader reader, long[] due, int skipped) {
    DoubleHistogram ms = new DoubleHistogram(Report.DIGITS);
    for (int i = skipped; i < due.length; i++) {
      ms.recordValue(Math.max(0, reader.read.get(i) - due[i]) / 1e6);
    }
    report.row(
        "until",
        what,
        "records",
        ms.getTotalCount(),
        "recordsPerSecond",
        rate,
        "p50Ms",
        ms.getValueAtPercentile(50),
        "p99Ms",
        ms.getValueAtPercentile(99),
        "p999Ms",
        ms.getValueAtPercentile(99.9),
        "maxMs",
        ms.getValueAtPercentile(100));
  }

  /** Reads the enriched topic on its own thread and notes when it read each record. */
  private static final class Reader implements AutoCloseable {
    final AtomicLongArray read;
    private final AtomicInteger found = new AtomicInteger();
    private final AtomicBoolean closing = new AtomicBoolean();
    private final Thread thread;
    private volatile RuntimeException failure;

    Reader(Cluster cluster, String isolation, int records) {
      read = new AtomicLongArray(records);
      Map<String, Object> config =
          Map.of(
              ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
              cluster.bootstrapServers(),
              ConsumerConfig.ISOLATION_LEVEL_CONFIG,
              isolation,
              ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
              "earliest");
      thread = new Thread(() -> run(config), "latency-" + isolation);
      thread.setDaemon(true);
      thread.start();
    }

    private void run(Map<String, Object> config) {
      try (KafkaConsumer<byte[], byte[]> consumer =
          new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
        List<TopicPartition> partitions =
            consumer.partitionsFor(TO).stream()
                .map(info -> new TopicPartition(TO, info.partition()))
                .toList();
        consumer.assign(partitions);
        while (!closing.get()) {
          for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(50))) {
            int number = ByteBuffer.wrap(record.headers().lastHeader(NUMBER).value()).getInt();
            if (read.compareAndSet(number, 0, System.nanoTime())) {
              found.incrementAndGet();
            }
          }
        }
      } catch (RuntimeException e) {
        failure = e;
      }
    }

    /** Waits until so many records are read. */
    void await(int records) throws InterruptedException {
      long deadline = System.nanoTime() + WAIT.toNanos();
      while (found.get() < records && failure == null && System.nanoTime() < deadline) {
        Thread.sleep(10);
      }
      if (failure != null) {
        throw new MeasureException("enriched records cannot be read: " + failure, failure);
      }
      if (found.get() < records) {
        throw new MeasureException(
            "all records must be read within %d s after the last was sent, found %d missing"
                .formatted(WAIT.toSeconds(), records - found.get()));
      }
    }

    @Override
    public void close() {
      closing.set(true);
    }
  }
}
