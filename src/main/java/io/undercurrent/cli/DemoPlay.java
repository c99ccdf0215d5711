package io.undercurrent.cli;

import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.measure.Pace;
import io.undercurrent.streams.EnrichedRecordSerde;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.HdrHistogram.Histogram;
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
 * Sends messages to the source topic in its own thread, and prints the committed records of the
 * enriched topic and of the dead letters. {@link #run} and {@link #close} are called on one thread.
 */
final class DemoPlay implements AutoCloseable {

  /** Header that says which play sent a message, and when. The topology keeps headers. */
  private static final String SENT_HEADER = "demo-sent";

  private static final String ERROR_HEADER = "__streams.errors.message";
  private static final int LATENCY_DIGITS = 3;
  private static final Duration POLL = Duration.ofMillis(50);

  /** If no record comes out for this long, the missing ones are given up. */
  private static final Duration SILENCE = Duration.ofSeconds(30);

  /** How long to wait for records in progress when the time is over. */
  private static final Duration GRACE = Duration.ofSeconds(3);

  private final TopologyDefinition definition;
  private final PlayedMessages messages;
  private final long count;
  private final double perSecond;
  private final RecordPrinter printer;
  private final KafkaProducer<byte[], byte[]> producer;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final EnrichedRecordSerde serde = new EnrichedRecordSerde();

  private final long play =
      System.nanoTime(); // distinguishes this play from earlier ones, with --keep
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicBoolean playing = new AtomicBoolean(true);
  private final Histogram latenciesNanos = new Histogram(LATENCY_DIGITS);
  private long enriched;
  private long deadLetters;
  private long firstNanos;
  private long lastNanos;

  /**
   * @param count how many messages to send, from the first
   * @param perSecond messages a second; infinity for no limit
   */
  DemoPlay(
      String bootstrapServers,
      TopologyDefinition definition,
      PlayedMessages messages,
      long count,
      double perSecond,
      RecordPrinter printer) {
    this.definition = definition;
    this.messages = messages;
    this.count = count;
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
   * Sends all messages, prints all records, and then a summary.
   *
   * @param time the time after which it ends, even if messages are left; null for no limit
   * @param stay whether to wait for Ctrl-C at the end
   * @param alive whether the app may still process records
   * @param interrupted whether Ctrl-C or SIGTERM came
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
        && (playing.get() || areMissing() && !silentFor(SILENCE))) {
      print();
    }
    playing.set(false);
    player.join();
    long graceEnd = System.nanoTime() + GRACE.toNanos();
    while (areMissing()
        && !interrupted.getAsBoolean()
        && alive.getAsBoolean()
        && System.nanoTime() < graceEnd) {
      print();
    }
    summary();
    if (stay && !interrupted.getAsBoolean()) {
      System.out.println("\nAll messages are sent. Press Ctrl-C to end.");
    }
    while (!interrupted.getAsBoolean()
        && alive.getAsBoolean()
        && (stay || time != null && System.nanoTime() < deadline)) {
      print();
    }
  }

  private boolean areMissing() {
    return enriched + deadLetters < sent.get();
  }

  private boolean silentFor(Duration time) {
    return System.nanoTime() - lastNanos > time.toNanos();
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
    try (PlayedMessages.Reader reader = messages.open()) {
      Pace pace = new Pace(perSecond);
      for (long i = 0; i < count && pace.await(i, playing::get); i++) {
        send(i, reader.next());
      }
      producer.flush();
    } catch (IOException e) {
      System.err.println("messages cannot be read: " + e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      playing.set(false);
    }
  }

  private void send(long number, PlayedMessage message) {
    ProducerRecord<byte[], byte[]> record =
        new ProducerRecord<>(
            definition.topics().get(0),
            null,
            message.timestampMs(),
            message.key(),
            message.value());
    byte[] header = ByteBuffer.allocate(16).putLong(play).putLong(System.nanoTime()).array();
    record.headers().add(SENT_HEADER, header);
    producer.send(
        record,
        (metadata, failure) -> {
          if (failure == null) {
            sent.incrementAndGet();
          } else {
            refused.incrementAndGet();
            System.err.println(
                "message " + (number + 1) + " was not sent: " + failure.getMessage());
          }
        });
  }

  private void print() {
    for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
      Header header = record.headers().lastHeader(SENT_HEADER);
      ByteBuffer sentBy = header == null ? null : ByteBuffer.wrap(header.value());
      boolean ours = sentBy == null || sentBy.getLong() == play;
      if (ours) {
        lastNanos = System.nanoTime();
        if (sentBy != null) {
          latenciesNanos.recordValue(Math.max(0, lastNanos - sentBy.getLong()));
        }
      }
      if (record.topic().equals(definition.deadLetters())) {
        deadLetters += ours ? 1 : 0;
        Header error = record.headers().lastHeader(ERROR_HEADER);
        String reason = error == null ? "" : new String(error.value(), StandardCharsets.UTF_8);
        byte[] value = record.value() == null ? new byte[0] : record.value();
        printer.printDeadLetter(reason, new String(value, StandardCharsets.UTF_8));
      } else {
        enriched += ours ? 1 : 0;
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
    if (latenciesNanos.getTotalCount() > 0) {
      System.out.println(latencies(latenciesNanos));
    }
    long missing = sent.get() - enriched - deadLetters;
    if (missing > 0) {
      System.out.printf("%,d messages were not enriched when it ended%n", missing);
    }
    if (refused.get() > 0) {
      System.out.printf("%,d messages were not sent%n", refused.get());
    }
    System.out.println();
    printer.moods();
  }

  static String latencies(Histogram nanos) {
    return "from sending to reading the committed result: median %.0f ms, 99 %% within %.0f ms (a commit every 100 ms)"
        .formatted(nanos.getValueAtPercentile(50) / 1e6, nanos.getValueAtPercentile(99) / 1e6);
  }

  @Override
  public void close() {
    playing.set(false);
    producer.close(Duration.ofSeconds(5));
    consumer.close();
  }
}
