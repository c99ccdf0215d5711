package io.undercurrent.streams.internals;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.Enrichment.Outcome;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Message;
import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.kernel.Functions;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.metrics.internals.EnrichmentMetrics;
import io.undercurrent.model.Model;
import io.undercurrent.streams.Preview;
import io.undercurrent.streams.internals.SpeculativeResults.Result;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Reads each record in the light of its key's state. One record in, one record out.
 *
 * <p>A record that fails here, before it is forwarded, leaves its key's state and memory as they
 * were. A record that fails downstream moves them all the same if the exception handler resumes:
 * Kafka Streams calls the handler at the node that failed, and {@code forward} returns as if
 * nothing had happened. If the handler fails instead, {@code forward} throws, nothing is written
 * here and the stream thread ends.
 */
final class RecurrentProcessor<K, V> {

  /** JSON around the texts of an enriched record: names, numbers, the topic; 100 next tokens. */
  private static final int JSON_OVERHEAD_BYTES = 16_384;

  /** A control character in JSON: six bytes. Any other takes fewer. */
  private static final long MAX_JSON_BYTES_PER_CHAR = 6;

  /** Sends a record's result downstream. */
  @FunctionalInterface
  interface Onward {

    /**
     * @param enriched null for a tombstone
     */
    void forward(EnrichedRecord enriched, Headers headers);
  }

  private final EnricherSpec<K, V> spec;
  private final Model model;
  private final EnrichmentSettings settings;
  private final byte[] modelHeader;

  private ProcessingContext context;
  private EnrichmentMetrics metrics;
  private Preview<K, V> preview; // null where records are computed one by one
  private KeyValueStore<Bytes, byte[]> store;
  private MemoryStore memories; // null for a model that has none
  private StoredKeys stored;
  private Enrichment enrichment;
  private SpeculativeResults ahead;
  private long searchedClusters; // so far, of the enrichment
  private long skippedClusters;
  private boolean looksAhead; // whether records are computed several at once
  private String changelog;
  private MovedStates moved; // null where no dead letter is to say what became of a state

  RecurrentProcessor(EnricherSpec<K, V> spec) {
    this.spec = spec;
    this.model = spec.model();
    this.settings = spec.settings();
    this.modelHeader = (model.name() + "@" + model.fingerprint()).getBytes(StandardCharsets.UTF_8);
  }

  void init(ProcessingContext context) {
    Functions.requireSubnormals();
    this.context = context;
    metrics = spec.meters().in(TopologyName.of(context.appConfigs()));
    store = context.getStateStore(settings.store());
    memories =
        model.config().hasMemory()
            ? new MemoryStore(context.getStateStore(settings.memoryStore()))
            : null;
    stored =
        new StoredKeys(model)
            .in(store, memories == null ? null : context.getStateStore(settings.memoryStore()));
    moved = MovedStates.of(context.appConfigs());
    close(); // Kafka Streams may use a processor again; what was computed ahead is of before
    searchedClusters = 0;
    skippedClusters = 0;
    looksAhead = spec.lookAhead() != null && settings.batchRecords() > 1;
    preview = looksAhead ? preview(context) : null;
    enrichment =
        new Enrichment(
            model,
            settings,
            looksAhead ? Math.min(settings.batchRecords(), Inference.MAX_ROWS) : 1);
    ahead =
        new SpeculativeResults(
            spec.lookAhead(),
            enrichment,
            model.fingerprint(),
            settings,
            stored,
            this::preview,
            metrics);
    // What a serde that keeps schemas by topic has to be told; as Kafka's own stores do.
    changelog = context.applicationId() + "-" + settings.store() + "-changelog";
    spec.changelog().found(changelog);
  }

  private Preview<K, V> preview(ProcessingContext context) {
    if (spec.preview() != null) {
      return spec.preview();
    }
    try {
      @SuppressWarnings("unchecked")
      Serde<V> values = (Serde<V>) context.valueSerde();
      return Preview.of(spec.keySerde(), values);
    } catch (ConfigException e) {
      throw new ConfigException(
          "lookAhead(lookAhead) needs default.value.serde, found none: set it, or give"
              + " lookAhead() the serde of the source's values");
    }
  }

  void process(K recordKey, V value, long timestampMs, Headers recordHeaders, Onward onward) {
    Bytes key = key(recordKey);
    Headers headers = new RecordHeaders(recordHeaders);
    headers.add(spec.modelHeader(), modelHeader);
    if (value == null) {
      takesIn();
      onward.forward(null, headers);
      store.delete(key);
      long bytes = key.get().length; // a deletion is a key in the changelog
      if (memories != null) {
        bytes += (long) memories.forget(key) * MemoryStore.keyBytes(key);
      }
      metrics.stored(bytes);
      tombstone(key);
      metrics.tombstone();
      return;
    }
    Message message = message(key, text(value), timestampMs, position());
    KeyText keyText = keyText(recordKey, value, key);
    Result result = enrich(new Incoming(key, message));
    countClusters();
    Outcome outcome = result.outcome();
    EnrichedRecord enriched = outcome.record().withKey(keyText); // no preview has a say in that
    requireFits(enriched, key, headers);
    long number = outcome.after().records();
    byte[] entry = outcome.remembered() == null ? null : stored.serialize(outcome.remembered());
    if (entry != null) {
      requireFits(entry, MemoryStore.at(key, number));
    }
    takesIn();
    onward.forward(enriched, headers);
    store.put(key, result.after());
    metrics.stored(key.get().length + result.after().length + remember(key, number, entry, result));
    count(timestampMs, result);
  }

  /**
   * Notes that the state takes the record in. It does from here on, unless forwarding throws and
   * the stream thread ends.
   */
  private void takesIn() {
    if (moved != null) {
      place().ifPresent(at -> moved.move(context.taskId(), at));
    }
  }

  /** Returns how many bytes were written, keys included. */
  private long remember(Bytes key, long number, byte[] entry, Result result) {
    result.forgotten().forEach(record -> memories.delete(key, record));
    long keyBytes = MemoryStore.keyBytes(key);
    long bytes = keyBytes * result.forgotten().size();
    if (entry != null) {
      memories.put(key, number, entry);
      bytes += keyBytes + entry.length;
    }
    return bytes;
  }

  private Result enrich(Incoming record) {
    Optional<RecordMetadata> at = place();
    if (looksAhead && at.isPresent()) {
      return ahead.take(partition(at.get()), at.get().offset(), record);
    }
    metrics.inline();
    return ahead.alone(record);
  }

  private void tombstone(Bytes key) {
    Optional<RecordMetadata> at = place();
    if (looksAhead && at.isPresent()) {
      ahead.tombstone(partition(at.get()), at.get().offset(), key);
    } else {
      ahead.forget(key);
    }
  }

  private static TopicPartition partition(RecordMetadata at) {
    return new TopicPartition(at.topic(), at.partition());
  }

  /** Where the record at hand was read: nowhere, if an upstream punctuator made it. */
  private Optional<RecordMetadata> place() {
    return context.recordMetadata().filter(at -> at.topic() != null && at.offset() >= 0);
  }

  private Function<Long, Source> position() {
    return timestampMs ->
        place()
            .map(at -> new Source(at.topic(), at.partition(), at.offset(), timestampMs))
            .orElse(null);
  }

  /**
   * @param position where a record without a source of its own was read, given its timestamp
   */
  private Message message(
      Bytes key, SourceText read, long recordTimestampMs, Function<Long, Source> position) {
    KeyText keyText = encoded(key);
    return read.source() == null
        ? new Message(keyText, read.text(), recordTimestampMs, position.apply(recordTimestampMs))
        : new Message(keyText, read.text(), read.source().timestampMs(), read.source());
  }

  /** What {@link #process} will get for a polled record; null if it will get none. */
  private Incoming preview(ConsumerRecord<byte[], byte[]> raw, long partitionTimeMs) {
    Record<K, V> record = preview.of(raw, partitionTimeMs);
    if (record == null) {
      return null;
    }
    Bytes key = key(record.key());
    return new Incoming(
        key,
        record.value() == null
            ? new Message(encoded(key), null, null, null)
            : message(
                key,
                text(record.value()),
                record.timestamp(),
                timestampMs ->
                    new Source(raw.topic(), raw.partition(), raw.offset(), timestampMs)));
  }

  void close() {
    if (ahead != null) {
      ahead.close();
      ahead = null;
    }
    if (moved != null) {
      moved.clear(context.taskId());
    }
  }

  /** The key as state is kept by. */
  private Bytes key(K key) {
    if (key == null) {
      throw new BadRecordException(
          DeadLetterReason.NULL_KEY,
          "a record must have a key, for state is kept per key; found null");
    }
    byte[] bytes = spec.keySerde().serializer().serialize(changelog, key);
    if (spec.keyText() == null) {
      requireEncoding(bytes);
    }
    return Bytes.wrap(bytes);
  }

  private void requireEncoding(byte[] key) {
    if (spec.keyEncoding() == KeyEncoding.BASE64) {
      return; // any bytes are
    }
    try {
      spec.keyEncoding().text(key);
    } catch (IllegalArgumentException e) {
      throw new BadRecordException(
          spec.keyEncoding() == KeyEncoding.TEXT
              ? DeadLetterReason.INVALID_UTF8
              : DeadLetterReason.DESERIALIZATION,
          e.getMessage());
    }
  }

  /**
   * The key in the encoding of the stream. Where {@link #keyText} gives another text, the bytes
   * need not be of that encoding: base64 takes any.
   */
  private KeyText encoded(Bytes key) {
    return KeyText.of(key.get(), spec.keyText() == null ? spec.keyEncoding() : KeyEncoding.BASE64);
  }

  /** The key as the enriched record names it. */
  private KeyText keyText(K key, V value, Bytes bytes) {
    if (spec.keyText() == null) {
      return encoded(bytes);
    }
    String text = spec.keyText().apply(key, value);
    if (text == null) {
      throw new BadRecordException(
          DeadLetterReason.MISSING_KEY,
          "keyText() must give every record a text for its key, found null");
    }
    return new KeyText(text, EnrichedRecord.CUSTOM);
  }

  private SourceText text(V value) {
    SourceText read = spec.text().apply(value);
    if (read == null) {
      throw new BadRecordException(
          DeadLetterReason.MISSING_TEXT, "the value must have a text, found none");
    }
    return read;
  }

  /** Rejects what the producer would, before it is sent and before the state changes. */
  private void requireFits(EnrichedRecord enriched, Bytes key, Headers headers) {
    int limit = settings.maxRecordBytes();
    long chars = enriched.key().length() + enriched.text().length();
    for (var next : enriched.next()) {
      chars += next.token().length();
    }
    if (enriched.attention() != null) {
      for (var past : enriched.attention().records()) {
        chars += past.text().length();
      }
      for (var past : enriched.attention().tokens()) {
        chars += past.token().length();
      }
    }
    long atMost = JSON_OVERHEAD_BYTES + MAX_JSON_BYTES_PER_CHAR * chars;
    if (RecordSize.of(key.get(), atMost, headers) <= limit) {
      return;
    }
    long size = RecordSize.of(key.get(), EnrichedRecordJson.toJson(enriched).length, headers);
    if (size > limit) {
      throw new BadRecordException(
          DeadLetterReason.TOO_LARGE,
          "the enriched record must fit %d bytes (max.request.size, max.message.bytes), found %d"
              .formatted(limit, size));
    }
  }

  /** Rejects what the changelog's producer would. */
  private void requireFits(byte[] entry, Bytes key) {
    long size = RecordSize.of(key.get(), entry.length, new RecordHeaders());
    if (size > settings.maxRecordBytes()) {
      throw new BadRecordException(
          DeadLetterReason.TOO_LARGE,
          "what is remembered of the record must fit %d bytes (max.request.size), found %d"
              .formatted(settings.maxRecordBytes(), size));
    }
  }

  private void countClusters() {
    long searched = enrichment.searchedClusters();
    long skipped = enrichment.skippedClusters();
    metrics.clusters(searched - searchedClusters, skipped - skippedClusters);
    searchedClusters = searched;
    skippedClusters = skipped;
  }

  private void count(long timestampMs, Result result) {
    Outcome outcome = result.outcome();
    EnrichedRecord enriched = outcome.record();
    int tokens = outcome.tokens();
    metrics.record(tokens, outcome.unknown(), enriched.truncated(), result.nanos());
    if (timestampMs >= 0) {
      metrics.latency(System.currentTimeMillis() - timestampMs);
    }
    if (enriched.sentiment() != null) {
      metrics
          .language()
          .record(
              enriched.sentiment().label(),
              enriched.sentiment().score(),
              enriched.surprise().bitsPerToken(),
              (double) outcome.unknown() / tokens);
      if (outcome.hit() != Hit.NONE) {
        metrics.language().nextWord(outcome.hit() == Hit.HIT);
      }
    }
    if (result.foreign()) {
      metrics.foreignState();
    } else if (result.before() == null) {
      metrics.freshState();
    }
    if (outcome.ageMs() >= 0) {
      metrics.stateAge(outcome.ageMs());
    }
    if (!result.forgotten().isEmpty()) {
      metrics.expired(result.forgotten().size());
    }
  }
}
