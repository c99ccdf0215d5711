package io.undercurrent.cli;

import io.undercurrent.cli.SoakCheck.Place;
import io.undercurrent.model.TinyModel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends the records of a soak, which follow from its seed, and keeps what it has sent. One thread
 * at a time may use it.
 */
final class SoakInput implements AutoCloseable {

  private static final double BAD = 0.01; // share of records that become letters
  private static final int TOGETHER = 20; // records that are sent without waiting between them

  /**
   * A record that can be enriched.
   *
   * @param place where the broker has put it
   */
  record Sent(String key, String text, long timestampMs, Place place) {}

  private record Sending(
      String key, String text, long timestampMs, boolean isBad, Future<RecordMetadata> at) {}

  private final KafkaProducer<byte[], byte[]> producer;
  private final SplittableRandom random;
  private final int keys;
  private final List<Sent> good = new ArrayList<>();
  private final List<String> enrichLines = new ArrayList<>();
  private final Set<Place> bad = new HashSet<>();

  SoakInput(String servers, long seed, int keys) {
    this.keys = keys;
    random = new SplittableRandom(seed);
    producer =
        new KafkaProducer<>(
            Map.of(
                "bootstrap.servers",
                servers,
                "linger.ms",
                0,
                // A record that is given up may be written nevertheless, so none is.
                "delivery.timeout.ms",
                Integer.MAX_VALUE),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  /** Sends the records [from, to) and waits until the brokers have them. */
  void send(int from, int to, double recordsPerSecond) throws Exception {
    send(from, to, recordsPerSecond, () -> false);
  }

  /**
   * Sends the records [from, to), or fewer of them.
   *
   * @param enough whether to stop early
   * @return the next record to send
   */
  int send(int from, int to, double recordsPerSecond, BooleanSupplier enough) throws Exception {
    int next = from;
    while (next < to && !enough.getAsBoolean()) {
      List<Sending> together = new ArrayList<>();
      for (int end = Math.min(to, next + TOGETHER); next < end; next++) {
        together.add(sendOne(next));
      }
      for (Sending one : together) {
        keep(one);
      }
      Thread.sleep((long) (TOGETHER * 1000 / recordsPerSecond));
    }
    return next;
  }

  private Sending sendOne(int i) {
    StringBuilder words = new StringBuilder();
    for (int w = random.nextInt(9); w > 0; w--) {
      words.append(TinyModel.WORDS.get(random.nextInt(TinyModel.WORDS.size()))).append(' ');
    }
    String text = words.toString();
    String key = "key-" + random.nextInt(keys);
    boolean isBad = random.nextDouble() < BAD;
    String value = isBad ? "no JSON" : "{\"text\":\"" + text + "\"}";
    long timestampMs = 1_700_000_000_000L + i * 1000L;
    return new Sending(
        key,
        text,
        timestampMs,
        isBad,
        producer.send(
            new ProducerRecord<>("messages", null, timestampMs, bytes(key), bytes(value))));
  }

  private void keep(Sending sending) throws Exception {
    RecordMetadata at = sending.at.get();
    Place place = new Place(at.partition(), at.offset());
    if (sending.isBad) {
      bad.add(place);
    } else {
      good.add(new Sent(sending.key, sending.text, sending.timestampMs, place));
      enrichLines.add(ExactlyOnceIT.enrichLine(sending.key, sending.text, sending.timestampMs, at));
    }
  }

  /** The records that can be enriched, those of a key in their order. */
  List<Sent> good() {
    return good;
  }

  /** The same as lines of the input of {@code enrich}. */
  List<String> enrichLines() {
    return enrichLines;
  }

  /** Where the records are that become letters. */
  Set<Place> bad() {
    return bad;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void close() {
    producer.close();
  }
}
