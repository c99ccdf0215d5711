package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.undercurrent.app.AdminRequests;
import io.undercurrent.app.AppException;
import io.undercurrent.streams.internals.LetterHeaders;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Sends the records of letters to their source topics again. Each transaction writes some records
 * and, into the dead-letter topic, a marker for each of them. So a record is sent and marked, or
 * neither; whatever ends the program, the next replay continues where it ended. There is one
 * transactional id for each dead-letter topic, so that a second replay fences the first one off.
 *
 * <p>Open it before you read the markers: it ends the transactions of an earlier replay. Failures
 * are {@link AppException}s. Not thread-safe.
 */
final class LetterReplay implements AutoCloseable {

  /** Records of one transaction. */
  private static final int BATCH = 200;

  private static final int PATIENCE_MS = 30_000;

  /**
   * After Ctrl-C the broker ends the transaction then. Until then, readers of committed records get
   * none that were written later.
   */
  private static final int TRANSACTION_MS = 15_000;

  private final String topic;
  private final String servers;
  private final Producer<byte[], byte[]> producer;
  private final Function<Letter, Long> timestampMs;
  private final BiConsumer<Letter, String> refused;
  private final List<Letter> batch = new ArrayList<>();
  private long sent;

  /**
   * @param topic the dead-letter topic
   * @param timestampMs the timestamp that a letter's record gets; null for the present
   * @param refused called with each letter whose record its topic refuses, and with what the broker
   *     said
   */
  LetterReplay(
      String topic,
      StreamsConfig streams,
      Function<Letter, Long> timestampMs,
      BiConsumer<Letter, String> refused) {
    this.topic = topic;
    this.timestampMs = timestampMs;
    this.refused = refused;
    servers = AdminRequests.bootstrapServers(streams);
    try {
      producer = new KafkaProducer<>(configs(topic, streams), bytes(), bytes());
    } catch (KafkaException e) {
      throw AdminRequests.connectionFailed(servers, e);
    }
    try {
      producer.initTransactions();
    } catch (KafkaException e) {
      producer.close(Duration.ZERO);
      throw failed(e);
    }
  }

  static String transactionalId(String topic) {
    return topic + "-replay";
  }

  private static ByteArraySerializer bytes() {
    return new ByteArraySerializer();
  }

  private static Map<String, Object> configs(String topic, StreamsConfig streams) {
    Map<String, Object> configs =
        new HashMap<>(streams.getProducerConfigs(DeadLetterTopic.CLIENT_ID));
    configs.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, transactionalId(topic));
    configs.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    configs.put(ProducerConfig.ACKS_CONFIG, "all");
    configs.putIfAbsent(ProducerConfig.MAX_BLOCK_MS_CONFIG, PATIENCE_MS);
    configs.putIfAbsent(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG, TRANSACTION_MS);
    return configs;
  }

  /** Sends a letter's record again, now or when {@link #end} is called. */
  void add(Letter letter) {
    batch.add(letter);
    if (batch.size() == BATCH) {
      end();
    }
  }

  /** Sends what was added and not sent. */
  void end() {
    if (!batch.isEmpty()) {
      send(List.copyOf(batch));
      batch.clear();
    }
  }

  /** The number of records that were sent. */
  long sent() {
    return sent;
  }

  private void send(List<Letter> letters) {
    try {
      producer.beginTransaction();
      write(letters);
    } catch (KafkaException e) {
      abort(e);
      if (letters.size() > 1) { // one record that is refused aborts the others with it
        letters.forEach(letter -> send(List.of(letter)));
      } else if (isRefusal(e)) {
        refused.accept(letters.get(0), AppException.oneLine(e));
      } else {
        throw failed(e);
      }
      return;
    }
    try {
      producer.commitTransaction();
    } catch (KafkaException e) {
      throw failed(e);
    }
    sent += letters.size();
  }

  private void write(List<Letter> letters) {
    List<Future<RecordMetadata>> written = new ArrayList<>();
    for (Letter letter : letters) {
      written.add(producer.send(record(letter)));
    }
    producer.flush();
    for (int i = 0; i < letters.size(); i++) {
      producer.send(marker(letters.get(i), get(written.get(i))));
    }
    producer.flush();
  }

  private static RecordMetadata get(Future<RecordMetadata> written) {
    try {
      return written.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof KafkaException kafkas
          ? kafkas
          : new KafkaException(e.getCause());
    } catch (InterruptedException e) {
      throw new InterruptException(e);
    }
  }

  private ProducerRecord<byte[], byte[]> record(Letter letter) {
    Headers headers = letter.originalHeaders();
    headers.remove(LetterHeaders.REPLAY_OF);
    headers.add(LetterHeaders.REPLAY_OF, (topic + "/" + letter.place()).getBytes(UTF_8));
    return new ProducerRecord<>(
        letter.topic(),
        letter.partition(),
        timestampMs.apply(letter),
        letter.record().key(),
        letter.record().value(),
        headers);
  }

  private ProducerRecord<byte[], byte[]> marker(Letter letter, RecordMetadata to) {
    ProducerRecord<byte[], byte[]> marker =
        new ProducerRecord<>(topic, letter.place().partition(), null, null);
    String place = to.topic() + "/" + to.partition() + "/" + to.offset();
    marker.headers().add(LetterHeaders.REPLAYED, letter.place().toString().getBytes(UTF_8));
    marker.headers().add(LetterHeaders.REPLAYED_TO, place.getBytes(UTF_8));
    return marker;
  }

  private void abort(KafkaException failure) {
    try {
      producer.abortTransaction();
    } catch (KafkaException e) {
      e.addSuppressed(failure);
      throw failed(e);
    }
  }

  private static boolean isRefusal(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RecordTooLargeException
          || cause instanceof InvalidTimestampException
          || cause instanceof InvalidRecordException) {
        return true;
      }
    }
    return false;
  }

  private AppException failed(KafkaException failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof ProducerFencedException
          || cause instanceof InvalidProducerEpochException) {
        return new AppException(
            "another replay of %s has started and takes over; this one has sent %,d records, and the other one does not send them again"
                .formatted(topic, sent),
            failure);
      }
    }
    AppException failed =
        AdminRequests.requestFailed(
            servers, "send records of letters of " + topic + " again", failure);
    return new AppException(
        failed.getMessage()
            + "; %,d records were sent: start it again, and it continues with the others"
                .formatted(sent),
        failure);
  }

  @Override
  public void close() {
    producer.close(Duration.ofMillis(PATIENCE_MS));
  }
}
