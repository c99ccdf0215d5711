package io.undercurrent.cli;

import io.undercurrent.topology.EnrichedRecordSerde;
import io.undercurrent.topology.TopologyDefinition;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Plays messages into the source topic in a thread of its own, and prints what comes out of the
 * enriched topic and the dead letters, as any consumer that reads committed records would see it.
 */
final class DemoPlay implements AutoCloseable {

  /** Tells when a message was sent; travels through the topology as any header does. */
  private static final String SENT_HEADER = "demo-sent-nanos";

  private static final String ERROR_HEADER = "__streams.errors.message";
  private static final Duration POLL = Duration.ofMillis(50);
  private static final Duration LAST_RECORDS = Duration.ofSeconds(30);

  private final TopologyDefinition definition;
  private final List<PlayedMessage> messages;
  private final double perSecond;
  private final RecordPrinter printer;
  private final KafkaProducer<byte[], byte[]> producer;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final EnrichedRecordSerde serde = new EnrichedRecordSerde();

  private final AtomicLong sent = new AtomicLong();
  private final AtomicBoolean playing = new AtomicBoolean(true);
  private final List<Long> latenciesNanos = new ArrayList<>();
  private long enriched;
  private long deadLetters;
  private long firstNanos;
  private long lastNanos;

  /**
   * @param perSecond messages a second, or infinity
   */
  DemoPlay(
      String bootstrapServers,
      TopologyDefinition definition,
      List<PlayedMessage> messages,
      double perSecond,
      RecordPrinter printer) {
    this.definition = definition;
    this.messages = messages;
    this.perSecond = perSecond;
    this.printer = printer;
    producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                1 << 24),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrapServers,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer());
  }

  /**
   * Plays everything, prints everything, and ends with a summary.
   *
   * @param time after which it ends, played out or not; null for no such end
   * @param stay whether it waits for Ctrl-C at the end
   * @param alive whether the app may still process records
   * @param interrupted whether somebody asked it to end now
   */
  void run(Duration time, boolean stay, BooleanSupplier alive, BooleanSupplier interrupted)
      throws InterruptedException {
    seekToEnd();
    printer.header();
    firstNanos = System.nanoTime();
    lastNanos = firstNanos;
    long deadline = time == null ? Long.MAX_VALUE : firstNanos + time.toNanos();
    Thread player = new Thread(this::play, "demo-player");
    player.start();
    while (!interrupted.getAsBoolean()
        && alive.getAsBoolean()
        && System.nanoTime() < deadline
        && (playing.get() || enriched + deadLetters < sent.get())) {
      print();
    }
    playing.set(false);
    player.join();
    long patience = System.nanoTime() + LAST_RECORDS.toNanos();
    while (enriched + deadLetters < sent.get()
        && alive.getAsBoolean()
        && System.nanoTime() < patience) {
      print();
    }
    summary();
    if (stay && !interrupted.getAsBoolean()) {
      System.out.println("\nEverything is played. Ctrl-C ends it.");
    }
    while (!interrupted.getAsBoolean()
        && alive.getAsBoolean()
        && (stay || time != null && System.nanoTime() < deadline)) {
      print();
    }
  }

  private void seekToEnd() {
    List<TopicPartition> partitions =
        List.of(definition.enriched(), definition.deadLetters()).stream()
            .flatMap(topic -> consumer.partitionsFor(topic).stream())
            .map(p -> new TopicPartition(p.topic(), p.partition()))
            .toList();
    consumer.assign(partitions);
    consumer.seekToEnd(partitions);
    partitions.forEach(consumer::position);
  }

  private void play() {
    String topic = definition.topics().get(0);
    long start = System.nanoTime();
    for (int i = 0; i < messages.size() && playing.get(); i++) {
      try {
        long due = start + (long) (i / perSecond * 1e9);
        for (long wait = due - System.nanoTime();
            wait > 0 && playing.get();
            wait = due - System.nanoTime()) {
          Thread.sleep(Math.min(50, wait / 1_000_000 + 1));
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        break;
      }
      PlayedMessage message = messages.get(i);
      ProducerRecord<byte[], byte[]> record =
          new ProducerRecord<>(topic, null, message.timestampMs(), message.key(), message.value());
      record
          .headers()
          .add(SENT_HEADER, ByteBuffer.allocate(Long.BYTES).putLong(System.nanoTime()).array());
      producer.send(record);
      sent.incrementAndGet();
    }
    producer.flush();
    playing.set(false);
  }

  private void print() {
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
      lastNanos = System.nanoTime();
      Header sentNanos = record.headers().lastHeader(SENT_HEADER);
      if (sentNanos != null) {
        latenciesNanos.add(lastNanos - ByteBuffer.wrap(sentNanos.value()).getLong());
      }
      if (record.topic().equals(definition.deadLetters())) {
        deadLetters++;
        Header error = record.headers().lastHeader(ERROR_HEADER);
        String reason = error == null ? "" : new String(error.value(), StandardCharsets.UTF_8);
        byte[] value = record.value() == null ? new byte[0] : record.value();
        printer.printDeadLetter(reason, new String(value, StandardCharsets.UTF_8));
      } else {
        enriched++;
        if (record.value() != null) {
          printer.print(serde.deserializer().deserialize(record.topic(), record.value()));
        }
      }
    }
  }

  private void summary() {
    double seconds = (lastNanos - firstNanos) / 1e9;
    System.out.printf(
        "%n%,d records of %,d conversations enriched in %.1f s, %.1f records/s; %,d dead letters%n",
        enriched, printer.conversations(), seconds, enriched / seconds, deadLetters);
    if (!latenciesNanos.isEmpty()) {
      long[] sorted = latenciesNanos.stream().mapToLong(Long::longValue).sorted().toArray();
      System.out.printf(
          "from sending to reading the committed result: median %.0f ms, 99 %% within %.0f ms"
              + " (a commit every 100 ms)%n",
          sorted[sorted.length / 2] / 1e6, sorted[(int) (0.99 * (sorted.length - 1))] / 1e6);
    }
    long missing = sent.get() - enriched - deadLetters;
    if (missing > 0) {
      System.out.printf("%,d messages had not come out when it ended%n", missing);
    }
    System.out.println();
    printer.moods();
  }

  @Override
  public void close() {
    playing.set(false);
    producer.close(Duration.ofSeconds(5));
    consumer.close();
  }
}
