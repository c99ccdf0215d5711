package io.undercurrent.streams.internals;

import java.lang.ref.Cleaner;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Sends dead letters for Kafka Streams before 4.2, which does not send them itself. It sends
 * outside Kafka Streams' transactions, and waits until the broker has the letter.
 *
 * <p>Thread-safe. Kafka Streams never closes an exception handler, so the producer is closed when
 * the handler that owns it is garbage-collected.
 */
public final class DeadLetterProducer {

  private static final Cleaner CLEANER = Cleaner.create();

  private final KafkaProducer<byte[], byte[]> producer;

  /**
   * @param owner the handler; it must not be reachable from the producer
   * @param configs the configuration of Kafka Streams
   */
  public DeadLetterProducer(Object owner, Map<String, ?> configs) {
    Map<String, Object> own =
        new HashMap<>(new StreamsConfig(configs).getProducerConfigs("dead-letters"));
    own.put(ProducerConfig.LINGER_MS_CONFIG, 0); // each send waits for the broker
    KafkaProducer<byte[], byte[]> opened =
        new KafkaProducer<>(own, new ByteArraySerializer(), new ByteArraySerializer());
    producer = opened;
    CLEANER.register(owner, () -> opened.close(Duration.ZERO));
  }

  /**
   * Sends a letter and waits for the broker, up to {@code max.block.ms} and {@code
   * delivery.timeout.ms}.
   *
   * @throws KafkaException if the broker did not receive it
   */
  public void send(ProducerRecord<byte[], byte[]> letter) {
    try {
      producer.send(letter).get();
    } catch (ExecutionException e) {
      throw new KafkaException("the dead letter was not sent: " + e.getCause().getMessage(), e);
    } catch (InterruptedException e) {
      throw new InterruptException(e); // interrupts the thread again
    }
  }
}
