package io.undercurrent.streams;

import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.metrics.internals.DeadLetterMetrics;
import io.undercurrent.streams.internals.DeadLetterProducer;
import io.undercurrent.streams.internals.LetterHeaders;
import io.undercurrent.streams.internals.MovedStates;
import io.undercurrent.streams.internals.NewerStateException;
import io.undercurrent.streams.internals.RecordSize;
import io.undercurrent.streams.internals.RefusedRecords;
import io.undercurrent.streams.internals.SourceRecords;
import io.undercurrent.streams.internals.SourceRecords.SourceRecord;
import io.undercurrent.streams.internals.StateFormatException;
import io.undercurrent.streams.internals.TimestampRange;
import io.undercurrent.streams.internals.TopologyName;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.DeserializationExceptionHandler;
import org.apache.kafka.streams.errors.ErrorHandlerContext;
import org.apache.kafka.streams.errors.ProcessingExceptionHandler;
import org.apache.kafka.streams.errors.ProductionExceptionHandler;
import org.apache.kafka.streams.processor.api.Record;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends records that cannot be used to a dead-letter topic, and lets Kafka Streams continue with
 * the next record. Merge {@link #settings} into the configuration of Kafka Streams:
 *
 * <pre>{@code
 * configs.putAll(DeadLetterHandler.settings("messages-dead-letters", registry));
 * new KafkaStreams(topology, new StreamsConfig(configs));
 * }</pre>
 *
 * <p>A dead letter has the raw key and value of the record, its headers, and the headers that Kafka
 * Streams' own handlers write. They include the record's topic, partition and offset. Two things
 * differ from Kafka's handlers: the letter of a record without a timestamp has no timestamp, and a
 * letter that would be too large for its topic is sent without the record's key, value and headers.
 * If the topic would refuse the record's timestamp, the letter has the time at which it is sent,
 * and the record's in the header {@value #TIMESTAMP_HEADER}. The topic must not be compacted: it
 * would refuse letters without a key, and keep only the last of each key.
 *
 * <p>Kafka Streams discards the raw key and value once it has sent something for the record to a
 * topic or a changelog. If the record fails after that, its letter may lack both. Behind a
 * repartition topic of your own, a letter has the key and value of the record in that topic.
 *
 * <p>Errors that are not caused by the record (Kafka's, a state store's, the JVM's, I/O errors and
 * timeouts of a dependency that a step asks) stop processing instead, and a restart reads the
 * record again. So do a failed punctuator and a changelog entry that the broker refuses.
 *
 * <p><b>A record that the broker refuses</b> because of its size, its timestamp, or because it is
 * invalid (for example, without a key in a compacted topic) ends its stream thread, so that nothing
 * is committed behind it. An enriched record is remembered, if it is written with {@link
 * EnrichedRecordSerde} and the handler is configured with {@link #settings}: let your uncaught
 * exception handler return {@code REPLACE_THREAD}, and the new thread reads the record again and
 * sends it to the dead letters, without enriching it. Return it only if the cause is such a refusal
 * ({@code RecordTooLargeException}, {@code InvalidTimestampException} or {@code
 * InvalidRecordException}), and at most N times: a topic that refuses everything would end every
 * thread.
 *
 * <p><b>Whether the record changed its key's state</b> is in the header {@value #STATE_HEADER}.
 * Check it before you send a record again:
 *
 * <ul>
 *   <li>{@value #UNCHANGED}: the record failed before it changed a state: its deserializer failed,
 *       or a step before the enrichment, or the enrichment itself. If you send it again to its
 *       topic, it is enriched as if for the first time. (If the topology branches, a branch after
 *       the failed one may still enrich the record.)
 *   <li>{@value #MOVED}: the record was enriched and failed afterwards: in a step downstream, or in
 *       the serializer of a sink. State and memory include the record. If you send it again to its
 *       topic, it counts twice.
 *   <li>no such header: unknown. Either the record was enriched before a repartition topic and read
 *       behind it, or it failed late (for example when a cache was flushed), or a broker refused it
 *       under at-least-once (the store may have kept its state), or a punctuator made it, or the
 *       handler was configured without {@link #settings}.
 * </ul>
 *
 * <p>From version 4.2 on Kafka Streams sends the letters itself, within its transactions. With
 * earlier versions the handler sends them with a producer of its own, waits for the broker each
 * time, and stops processing if sending fails. Such letters are sent at least once: a record that
 * is read again after a crash gets a second letter.
 *
 * <p>Kafka Streams creates several instances for each stream thread. Thread-safe.
 */
public final class DeadLetterHandler
    implements ProcessingExceptionHandler,
        DeserializationExceptionHandler,
        ProductionExceptionHandler {

  /** Header of dead letters: {@value #MOVED} or {@value #UNCHANGED}, UTF-8. */
  public static final String STATE_HEADER = "undercurrent-state";

  /**
   * Header of dead letters whose topic would refuse the record's timestamp: that timestamp, ms
   * since 1970 as decimal digits, UTF-8.
   */
  public static final String TIMESTAMP_HEADER = "undercurrent-timestamp";

  /** Value of {@link #STATE_HEADER}: the record has changed its key's state. */
  public static final String MOVED = "moved";

  /** Value of {@link #STATE_HEADER}: the record has not changed its key's state. */
  public static final String UNCHANGED = "unchanged";

  /**
   * Configuration: the maximum size of a dead letter in bytes, if its topic accepts less than
   * {@code max.request.size}; optional.
   */
  public static final String MAX_BYTES_CONFIG = "undercurrent.dead.letter.max.bytes";

  /**
   * Configuration: {@code message.timestamp.before.max.ms} of the dead-letter topic; optional,
   * without limit by default.
   */
  public static final String TIMESTAMP_BEFORE_MAX_MS_CONFIG =
      "undercurrent.dead.letter.timestamp.before.max.ms";

  /**
   * Configuration: {@code message.timestamp.after.max.ms} of the dead-letter topic; optional, one
   * hour by default, as in Kafka.
   */
  public static final String TIMESTAMP_AFTER_MAX_MS_CONFIG =
      "undercurrent.dead.letter.timestamp.after.max.ms";

  /** Configuration: the {@link MeterRegistry} in which dead letters are counted; optional. */
  static final String METRICS_CONFIG = "undercurrent.dead.letter.metrics";

  private static final Logger log = LoggerFactory.getLogger(DeadLetterHandler.class);

  /** The first record of a reason is logged at WARN, and every 1,000th after it. */
  private static final int WARN_EVERY = 1_000;

  private static final String PRODUCER_PACKAGE = "org.apache.kafka.clients.producer.";

  /** The suffix of every changelog's name. */
  private static final String CHANGELOG = "-changelog";

  private static final int KAFKA_MAX_REQUEST_SIZE = 1024 * 1024;

  /** What the producer says of the other records of a batch of which one was refused. */
  private static final String SAME_BATCH = "Failed to append record because it was part of a batch";

  private final Map<DeadLetterReason, Long> counts = new EnumMap<>(DeadLetterReason.class);
  private String topic;
  private Map<String, ?> configs;
  private DeadLetterMetrics metrics; // null if dead letters are not counted
  private MovedStates moved; // null without settings(...)
  private DeadLetterProducer producer; // null until the handler itself sends a letter
  private RefusedRecords refused; // null without settings(...)
  private int maxBytes;
  private TimestampRange timestamps;

  /**
   * The settings that send dead letters to a topic: the three exception handlers and the topic.
   * Merge them into the configuration of Kafka Streams. Call this once for each application;
   * applications must not share the result.
   *
   * @param topic the dead-letter topic; it must exist
   */
  public static Map<String, Object> settings(String topic) {
    String handler = DeadLetterHandler.class.getName();
    return Map.of(
        StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG,
        handler,
        StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG,
        handler,
        StreamsConfig.PRODUCTION_EXCEPTION_HANDLER_CLASS_CONFIG,
        handler,
        StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG,
        Objects.requireNonNull(topic, "topic"),
        MovedStates.CONFIG,
        new MovedStates(),
        RefusedRecords.CONFIG,
        new RefusedRecords());
  }

  /**
   * The same settings, with the meter {@code undercurrent.dead.letters}.
   *
   * @param registry where the meter is registered when Kafka Streams creates the handlers
   */
  public static Map<String, Object> settings(String topic, MeterRegistry registry) {
    Map<String, Object> settings = new HashMap<>(settings(topic));
    settings.put(METRICS_CONFIG, Objects.requireNonNull(registry, "registry"));
    return settings;
  }

  @Override
  public void configure(Map<String, ?> configs) {
    this.configs = configs;
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
    moved = MovedStates.from(configs);
    refused = RefusedRecords.from(configs);
    timestamps =
        new TimestampRange(
            ms(configs, TIMESTAMP_BEFORE_MAX_MS_CONFIG, TimestampRange.KAFKAS.beforeMaxMs()),
            ms(configs, TIMESTAMP_AFTER_MAX_MS_CONFIG, TimestampRange.KAFKAS.afterMaxMs()));
    maxBytes = maxRequestSize(configs);
    Object taken = configs.get(MAX_BYTES_CONFIG);
    if (taken != null) {
      maxBytes = Math.min(maxBytes, bytes(MAX_BYTES_CONFIG, taken.toString()));
    }
  }

  /**
   * The producer's {@code max.request.size} in bytes, as Kafka Streams reads it from {@code
   * configs}.
   */
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

  private static long ms(Map<String, ?> configs, String key, long otherwise) {
    Object value = configs.get(key);
    if (value == null) {
      return otherwise;
    }
    try {
      return Long.parseLong(value.toString());
    } catch (NumberFormatException e) {
      throw new ConfigException(key + " must be a number of ms, found " + value);
    }
  }

  /** Handles an exception of a processor. */
  @Override
  public ProcessingExceptionHandler.Response handleError(
      ErrorHandlerContext context, Record<?, ?> record, Exception exception) {
    return processing(context, record, exception)
        .map(letter -> ProcessingExceptionHandler.Response.resume(List.of(letter)))
        .orElseGet(ProcessingExceptionHandler.Response::fail);
  }

  /** The same, called by Kafka Streams before 4.2. */
  @Override
  @Deprecated
  public ProcessingHandlerResponse handle(
      ErrorHandlerContext context, Record<?, ?> record, Exception exception) {
    return send(processing(context, record, exception))
        ? ProcessingHandlerResponse.CONTINUE
        : ProcessingHandlerResponse.FAIL;
  }

  private Optional<ProducerRecord<byte[], byte[]>> processing(
      ErrorHandlerContext context, Record<?, ?> record, Exception exception) {
    // Without a record, a punctuator has failed.
    if (record == null || !isAboutTheRecord(exception)) {
      return Optional.empty();
    }
    DeadLetterReason reason =
        exception instanceof BadRecordException bad
            ? bad.reason()
            : exception instanceof SerializationException
                ? DeadLetterReason.DESERIALIZATION
                : DeadLetterReason.OTHER;
    boolean unknown = refused != null && refused.has(exception) && !isExactlyOnce();
    return Optional.of(deadLetter(reason, context, exception, unknown ? null : state(context)));
  }

  /** Whether a store forgets what was not committed when its record is read again. */
  private boolean isExactlyOnce() {
    return StreamsConfig.EXACTLY_ONCE_V2.equals(
        String.valueOf(configs.get(StreamsConfig.PROCESSING_GUARANTEE_CONFIG)));
  }

  /** Handles a record that a serde could not read. */
  @Override
  public DeserializationExceptionHandler.Response handleError(
      ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception exception) {
    return deserialization(context, exception)
        .map(letter -> DeserializationExceptionHandler.Response.resume(List.of(letter)))
        .orElseGet(DeserializationExceptionHandler.Response::fail);
  }

  /** The same, called by Kafka Streams before 4.2. */
  @Override
  @Deprecated
  public DeserializationHandlerResponse handle(
      ErrorHandlerContext context, ConsumerRecord<byte[], byte[]> record, Exception exception) {
    return send(deserialization(context, exception))
        ? DeserializationHandlerResponse.CONTINUE
        : DeserializationHandlerResponse.FAIL;
  }

  private Optional<ProducerRecord<byte[], byte[]>> deserialization(
      ErrorHandlerContext context, Exception exception) {
    return isAboutTheRecord(exception)
        ? Optional.of(deadLetter(DeadLetterReason.DESERIALIZATION, context, exception, UNCHANGED))
        : Optional.empty();
  }

  /**
   * Handles a record that the producer could not send. Kafka Streams no longer has the raw record
   * then, and the producer calls back on its own thread. So a refused record is remembered, and
   * becomes a dead letter when it is read again.
   */
  @Override
  public ProductionExceptionHandler.Response handleError(
      ErrorHandlerContext context, ProducerRecord<byte[], byte[]> record, Exception exception) {
    if (exception instanceof RetriableException) {
      return ProductionExceptionHandler.Response.retry();
    }
    if (failsWithAnother(exception)) {
      return ProductionExceptionHandler.Response.resume();
    }
    rememberRefused(record, exception);
    return ProductionExceptionHandler.Response.fail();
  }

  /** The same, called by Kafka Streams before 4.2. */
  @Override
  @Deprecated
  public ProductionExceptionHandlerResponse handle(
      ErrorHandlerContext context, ProducerRecord<byte[], byte[]> record, Exception exception) {
    if (exception instanceof RetriableException) {
      return ProductionExceptionHandlerResponse.RETRY;
    }
    if (failsWithAnother(exception)) {
      return ProductionExceptionHandlerResponse.CONTINUE;
    }
    rememberRefused(record, exception);
    return ProductionExceptionHandlerResponse.FAIL;
  }

  private void rememberRefused(ProducerRecord<byte[], byte[]> record, Exception exception) {
    DeadLetterReason reason = refusal(exception);
    String enricher = lastModelHeader(record.headers());
    if (reason != null
        && enricher != null
        && refused != null
        && !record.topic().equals(topic)
        && !record.topic().endsWith(CHANGELOG)) {
      refused.add(
          enricher, record, new BadRecordException(reason, refused(record.topic(), exception)));
    }
  }

  private static DeadLetterReason refusal(Exception exception) {
    if (exception instanceof RecordTooLargeException) {
      return DeadLetterReason.TOO_LARGE;
    }
    if (exception instanceof InvalidTimestampException) {
      return DeadLetterReason.TIMESTAMP_OUT_OF_RANGE;
    }
    return exception instanceof InvalidRecordException ? DeadLetterReason.REFUSED : null;
  }

  private static String refused(String topic, Exception exception) {
    return "topic %s must accept the enriched record, its broker said: %s"
        .formatted(topic, String.valueOf(exception.getMessage()).replaceAll("\\s+", " "));
  }

  /**
   * Whether a record was not written because another one of its batch was refused. It may be passed
   * over: the refused record's own exception follows, which ends the stream thread before it
   * commits, and names that record.
   */
  private static boolean failsWithAnother(Exception exception) {
    return exception.getClass() == KafkaException.class
        && String.valueOf(exception.getMessage()).startsWith(SAME_BATCH);
  }

  /** Handles a record that a serde could not write. */
  @Override
  @SuppressWarnings("rawtypes")
  public ProductionExceptionHandler.Response handleSerializationError(
      ErrorHandlerContext context,
      ProducerRecord record,
      Exception exception,
      SerializationExceptionOrigin origin) {
    return serialization(context, exception)
        .map(letter -> ProductionExceptionHandler.Response.resume(List.of(letter)))
        .orElseGet(ProductionExceptionHandler.Response::fail);
  }

  /** The same, called by Kafka Streams before 4.2. */
  @Override
  @Deprecated
  @SuppressWarnings("rawtypes")
  public ProductionExceptionHandlerResponse handleSerializationException(
      ErrorHandlerContext context,
      ProducerRecord record,
      Exception exception,
      SerializationExceptionOrigin origin) {
    return send(serialization(context, exception))
        ? ProductionExceptionHandlerResponse.CONTINUE
        : ProductionExceptionHandlerResponse.FAIL;
  }

  private Optional<ProducerRecord<byte[], byte[]>> serialization(
      ErrorHandlerContext context, Exception exception) {
    return isAboutTheRecord(exception)
        ? Optional.of(
            deadLetter(DeadLetterReason.SERIALIZATION, context, exception, state(context)))
        : Optional.empty();
  }

  /** Sends a letter. Returns whether there is one and the broker has it. */
  private boolean send(Optional<ProducerRecord<byte[], byte[]>> letter) {
    if (letter.isEmpty()) {
      return false;
    }
    try {
      synchronized (this) {
        if (producer == null) {
          producer = new DeadLetterProducer(this, configs);
        }
      }
      producer.send(letter.get());
      return true;
    } catch (KafkaException e) {
      log.error("processing stops: {} must take dead letters", topic, e);
      return false;
    }
  }

  /** Whether the current record changed its key's state; null if unknown. */
  private String state(ErrorHandlerContext context) {
    if (moved == null || context.topic() == null || context.offset() < 0) {
      return null;
    }
    boolean enriched = isEnriched(context.headers());
    long last = moved.lastMovedOffset(context.taskId(), context.topic(), context.partition());
    if (context.offset() > last) {
      // Without an enrichment in this task, an enriched record was enriched before a repartition.
      return enriched && last < 0 ? null : UNCHANGED;
    }
    // An earlier record fails when a cache is flushed: only its header says if it was enriched.
    return enriched || context.offset() == last ? MOVED : null;
  }

  private static boolean isEnriched(Headers headers) {
    return lastModelHeader(headers) != null;
  }

  /**
   * Every enrichment adds a header whose name begins with the same prefix. The last one names the
   * enricher that made the record; null if none did.
   */
  private static String lastModelHeader(Headers headers) {
    String last = null;
    if (headers != null) {
      for (Header header : headers) {
        if (header.key().startsWith(Enricher.MODEL_HEADER)) {
          last = header.key();
        }
      }
    }
    return last;
  }

  private static boolean isAboutTheRecord(Exception exception) {
    for (Throwable cause = exception; cause != null; cause = cause.getCause()) {
      boolean kafkas =
          cause instanceof KafkaException && !(cause instanceof SerializationException);
      if (kafkas
          || isProducers(cause)
          || cause instanceof Error
          || cause instanceof StateFormatException
          || cause instanceof NewerStateException
          || cause instanceof IOException
          || cause instanceof UncheckedIOException
          || cause instanceof TimeoutException
          || cause instanceof InterruptedException) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether Kafka's producer threw it: for example an IllegalStateException for each record that is
   * sent after a commit timed out.
   */
  private static boolean isProducers(Throwable cause) {
    StackTraceElement[] trace = cause.getStackTrace();
    return cause instanceof IllegalStateException
        && trace.length > 0
        && trace[0].getClassName().startsWith(PRODUCER_PACKAGE);
  }

  /**
   * @param state {@link #MOVED}, {@link #UNCHANGED}, or null if unknown
   */
  private ProducerRecord<byte[], byte[]> deadLetter(
      DeadLetterReason reason, ErrorHandlerContext context, Exception exception, String state) {
    if (metrics != null) {
      metrics.deadLetter(reason);
    }
    SourceRecord source = SourceRecords.of(configs, context);
    log(reason, source, exception);
    String message =
        exception instanceof BadRecordException
            ? exception.getMessage()
            : reason.code() + ": " + exception.getMessage();
    ProducerRecord<byte[], byte[]> letter =
        letter(source.key(), source.value(), context.timestamp());
    if (context.headers() != null) {
      context.headers().forEach(letter.headers()::add);
    }
    // Of the letter that this record was sent again from.
    letter.headers().remove(STATE_HEADER).remove(TIMESTAMP_HEADER);
    addHeaders(letter, source, context.timestamp(), exception, message, state);
    if (size(letter) > maxBytes) {
      String without =
          "%s (record of %d bytes left out: a dead letter must fit %d bytes)"
              .formatted(message, size(letter), maxBytes);
      letter = letter(null, null, context.timestamp());
      addHeaders(letter, source, context.timestamp(), exception, without, state);
    }
    return letter;
  }

  private ProducerRecord<byte[], byte[]> letter(byte[] key, byte[] value, long timestampMs) {
    boolean accepted =
        timestampMs >= 0 && timestamps.problem(timestampMs, System.currentTimeMillis()).isEmpty();
    return new ProducerRecord<>(topic, null, accepted ? timestampMs : null, key, value);
  }

  private static void addHeaders(
      ProducerRecord<byte[], byte[]> letter,
      SourceRecord source,
      long timestampMs,
      Exception exception,
      String message,
      String state) {
    Headers headers = letter.headers();
    StringWriter stackTrace = new StringWriter();
    exception.printStackTrace(new PrintWriter(stackTrace));
    add(headers, LetterHeaders.EXCEPTION, exception.getClass().getName());
    add(headers, LetterHeaders.MESSAGE, message);
    add(headers, LetterHeaders.STACKTRACE, stackTrace.toString());
    add(headers, LetterHeaders.TOPIC, source.topic());
    add(headers, LetterHeaders.PARTITION, String.valueOf(source.partition()));
    add(headers, LetterHeaders.OFFSET, String.valueOf(source.offset()));
    if (letter.timestamp() == null && timestampMs >= 0) {
      add(headers, TIMESTAMP_HEADER, Long.toString(timestampMs));
    }
    if (state != null) {
      add(headers, STATE_HEADER, state);
    }
  }

  private static void add(Headers headers, String key, String value) {
    headers.add(key, value == null ? null : value.getBytes(StandardCharsets.UTF_8));
  }

  private static long size(ProducerRecord<byte[], byte[]> record) {
    byte[] value = record.value();
    return RecordSize.of(record.key(), value == null ? 0 : value.length, record.headers());
  }

  /** Logs where the record is, and not its content: texts do not belong in logs. */
  private void log(DeadLetterReason reason, SourceRecord source, Exception exception) {
    long count;
    synchronized (counts) {
      count = counts.merge(reason, 1L, Long::sum);
    }
    String line =
        "dead letter ({}, {}): {}-{} at offset {}; number {} of this reason in this thread";
    Object[] arguments = {
      reason.code(),
      exception.getClass().getSimpleName(),
      source.topic(),
      source.partition(),
      source.offset(),
      count
    };
    // Kafka brings SLF4J 1.7, which has no atLevel.
    if (count % WARN_EVERY == 1) {
      log.warn(line, arguments);
    } else {
      log.debug(line, arguments);
    }
  }
}
