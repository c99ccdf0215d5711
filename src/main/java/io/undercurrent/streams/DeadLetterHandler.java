package io.undercurrent.streams;

import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.metrics.DeadLetterMetrics;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.streams.internals.RecordSize;
import io.undercurrent.streams.internals.StateFormatException;
import io.undercurrent.streams.internals.TopologyName;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.DeserializationExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProcessingExceptionHandler;
import org.apache.kafka.streams.errors.ProductionExceptionHandler;
import org.apache.kafka.streams.processor.api.Record;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Sends records that cannot be used to the dead-letter topic of {@code
 * errors.dead.letter.queue.topic.name}, and goes on with the next one: the raw key and value as
 * they were read, the record's headers, and the headers that Kafka Streams' own handlers write. One
 * class for the three places in which a record can fail: it is set for processing, deserialization
 * and production alike.
 *
 * <p>Errors that are not about the record at hand (Kafka's own, a state store's, the JVM's) stop
 * processing instead. So does, under exactly-once, a record that the broker refuses for its size:
 * its transaction cannot be committed any more.
 *
 * <p>Two things differ from Kafka's handlers: a record that had no timestamp gets none, and a dead
 * letter that would be larger than may be sent to its topic goes without key, value and headers of
 * the record; where the record lies is in its headers.
 *
 * <p>Behind a repartition topic the record "as it was read" is the one of that topic.
 *
 * <p>Kafka Streams makes one instance per stream thread and place. Thread-safe.
 */
public final class DeadLetterHandler
    implements ProcessingExceptionHandler,
        DeserializationExceptionHandler,
        ProductionExceptionHandler {

  /** Configuration: the {@link MeterRegistry} in which dead letters are counted; optional. */
  public static final String METRICS_CONFIG = "undercurrent.dead.letter.metrics";

  /** Configuration: bytes that the topic takes, where that is less than is sent; optional. */
  public static final String MAX_BYTES_CONFIG = "undercurrent.dead.letter.max.bytes";

  static final String EXCEPTION_HEADER = "__streams.errors.exception";
  static final String MESSAGE_HEADER = "__streams.errors.message";
  static final String STACKTRACE_HEADER = "__streams.errors.stacktrace";
  static final String TOPIC_HEADER = "__streams.errors.topic";
  static final String PARTITION_HEADER = "__streams.errors.partition";
  static final String OFFSET_HEADER = "__streams.errors.offset";

  private static final Logger log = LoggerFactory.getLogger(DeadLetterHandler.class);

  /** One line at WARN for the first record of a reason and every so many after it. */
  private static final int WARN_EVERY = 1_000;

  private static final int KAFKA_MAX_REQUEST_SIZE = 1024 * 1024;

  private final Map<DeadLetterReason, Long> counts = new EnumMap<>(DeadLetterReason.class);
  private String topic;
  private DeadLetterMetrics metrics; // null where nobody counts
  private int maxBytes;
  private boolean exactlyOnce;

  @Override
  public void configure(Map<String, ?> configs) {
    Object name = configs.get(StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG);
    if (name == null) {
      throw new ConfigException(
          StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG
              + " must name the topic of dead letters, found nothing");
    }
    topic = name.toString();
    metrics =
        configs.get(METRICS_CONFIG) instanceof MeterRegistry registry
            ? new DeadLetterMetrics(registry, TopologyName.of(configs))
            : null;
    maxBytes = maxRequestSize(configs);
    Object taken = configs.get(MAX_BYTES_CONFIG);
    if (taken != null) {
      maxBytes = Math.min(maxBytes, bytes(MAX_BYTES_CONFIG, taken.toString()));
    }
    exactlyOnce =
        StreamsConfig.EXACTLY_ONCE_V2.equals(
            String.valueOf(configs.get(StreamsConfig.PROCESSING_GUARANTEE_CONFIG)));
  }

  /** What the producer may send at once, in bytes, as Kafka Streams finds it in {@code configs}. */
  public static int maxRequestSize(Map<String, ?> configs) {
    for (String key :
        List.of(
            StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG),
            ProducerConfig.MAX_REQUEST_SIZE_CONFIG)) {
      Object value = configs.get(key);
      if (value != null) {
        return bytes(key, value.toString().trim());
      }
    }
    return KAFKA_MAX_REQUEST_SIZE;
  }

  private static int bytes(String key, String value) {
    try {
      return Integer.parseInt(value);
    } catch (NumberFormatException e) {
      throw new ConfigException(key + " must be a number of bytes, found " + value);
    }
  }

  /** A processor threw. */
  @Override
  public ProcessingExceptionHandler.Response handleError(
      ErrorHandlerContext context, Record<?, ?> record, Exception exception) {
    // Without a record it was a punctuator that failed.
    if (record == null || !isAboutTheRecord(exception)) {
      return ProcessingExceptionHandler.Response.fail();
    }
    DeadLetterReason reason =
        exception instanceof BadRecordException bad
            ? bad.reason()
            : exception instanceof SerializationException
                ? DeadLetterReason.DESERIALIZATION
                : DeadLetterReason.OTHER;
    return ProcessingExceptionHandler.Response.resume(deadLetters(reason, context, exception));
  }

  /** A serde could not read a record. */
  @Override
  public DeserializationExceptionHandler.Response handleError(
      ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception exception) {
    return isAboutTheRecord(exception)
        ? DeserializationExceptionHandler.Response.resume(
            deadLetters(DeadLetterReason.DESERIALIZATION, context, exception))
        : DeserializationExceptionHandler.Response.fail();
  }

  /** The producer could not send a record. By now Kafka Streams no longer has the raw one. */
  @Override
  public ProductionExceptionHandler.Response handleError(
      ErrorHandlerContext context, ProducerRecord<byte[], byte[]> record, Exception exception) {
    if (exception instanceof RetriableException) {
      return ProductionExceptionHandler.Response.retry();
    }
    if (exception instanceof RecordTooLargeException
        && !exactlyOnce
        && !record.topic().equals(topic)) {
      return ProductionExceptionHandler.Response.resume(
          deadLetters(DeadLetterReason.TOO_LARGE, context, exception));
    }
    return ProductionExceptionHandler.Response.fail();
  }

  /** A serde could not write a record. */
  @Override
  @SuppressWarnings("rawtypes")
  public ProductionExceptionHandler.Response handleSerializationError(
      ErrorHandlerContext context,
      ProducerRecord record,
      Exception exception,
      SerializationExceptionOrigin origin) {
    return isAboutTheRecord(exception)
        ? ProductionExceptionHandler.Response.resume(
            deadLetters(DeadLetterReason.DESERIALIZATION, context, exception))
        : ProductionExceptionHandler.Response.fail();
  }

  private static boolean isAboutTheRecord(Exception exception) {
    for (Throwable cause = exception; cause != null; cause = cause.getCause()) {
      boolean kafkas =
          cause instanceof KafkaException && !(cause instanceof SerializationException);
      if (kafkas
          || cause instanceof Error
          || cause instanceof StateFormatException
          || cause instanceof IOException
          || cause instanceof UncheckedIOException
          || cause instanceof InterruptedException) {
        return false;
      }
    }
    return true;
  }

  private List<ProducerRecord<byte[], byte[]>> deadLetters(
      DeadLetterReason reason, ErrorHandlerContext context, Exception exception) {
    if (metrics != null) {
      metrics.deadLetter(reason);
    }
    log(reason, context, exception);
    String message =
        exception instanceof BadRecordException
            ? exception.getMessage()
            : reason.code() + ": " + exception.getMessage();
    ProducerRecord<byte[], byte[]> letter =
        deadLetter(context.sourceRawKey(), context.sourceRawValue(), context.timestamp());
    if (context.headers() != null) {
      context.headers().forEach(letter.headers()::add);
    }
    addHeaders(letter.headers(), context, exception, message);
    if (size(letter) > maxBytes) {
      String without =
          "%s (record of %d bytes left out: a dead letter must fit %d bytes)"
              .formatted(message, size(letter), maxBytes);
      letter = deadLetter(null, null, context.timestamp());
      addHeaders(letter.headers(), context, exception, without);
    }
    return List.of(letter);
  }

  private ProducerRecord<byte[], byte[]> deadLetter(byte[] key, byte[] value, long timestampMs) {
    return new ProducerRecord<>(topic, null, timestampMs < 0 ? null : timestampMs, key, value);
  }

  private static void addHeaders(
      Headers headers, ErrorHandlerContext context, Exception exception, String message) {
    StringWriter stackTrace = new StringWriter();
    exception.printStackTrace(new PrintWriter(stackTrace));
    add(headers, EXCEPTION_HEADER, exception.getClass().getName());
    add(headers, MESSAGE_HEADER, message);
    add(headers, STACKTRACE_HEADER, stackTrace.toString());
    add(headers, TOPIC_HEADER, context.topic());
    add(headers, PARTITION_HEADER, String.valueOf(context.partition()));
    add(headers, OFFSET_HEADER, String.valueOf(context.offset()));
  }

  private static void add(Headers headers, String key, String value) {
    headers.add(key, value == null ? null : value.getBytes(StandardCharsets.UTF_8));
  }

  private static long size(ProducerRecord<byte[], byte[]> record) {
    byte[] value = record.value();
    return RecordSize.of(record.key(), value == null ? 0 : value.length, record.headers());
  }

  /** Names the record and not what is in it: texts do not belong in logs. */
  private void log(DeadLetterReason reason, ErrorHandlerContext context, Exception exception) {
    long count;
    synchronized (counts) {
      count = counts.merge(reason, 1L, Long::sum);
    }
    log.atLevel(count % WARN_EVERY == 1 ? Level.WARN : Level.DEBUG)
        .log(
            "dead letter ({}, {}): {}-{} at offset {}; number {} of this reason in this thread",
            reason.code(),
            exception.getClass().getSimpleName(),
            context.topic(),
            context.partition(),
            context.offset(),
            count);
  }
}
