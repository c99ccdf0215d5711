package io.undercurrent.streams.internals;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.BadRecordException.Reason;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.Enrichment;
import io.undercurrent.enrich.Enrichment.Outcome;
import io.undercurrent.enrich.Enrichment.Start;
import io.undercurrent.enrich.EnrichmentSettings;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Message;
import io.undercurrent.enrich.Source;
import io.undercurrent.enrich.Stored;
import io.undercurrent.enrich.Subject;
import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.kernel.Functions;
import io.undercurrent.metrics.EnrichmentMetrics;
import io.undercurrent.model.Model;
import io.undercurrent.streams.EnrichedRecordSerde;
import io.undercurrent.streams.Preview;
import io.undercurrent.streams.internals.ComputedAhead.Result;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
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
 * <p>State and memory are written last: whatever throws before, also downstream, leaves the key as
 * it was.
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
  private final EnrichmentMetrics metrics;
  private final byte[] modelHeader;

  private ProcessingContext context;
  private KeyValueStore<Bytes, byte[]> store;
  private MemoryStore memories; // null for a model that has none
  private Enrichment enrichment;
  private ComputedAhead ahead; // null where records are computed one by one
  private long searchedClusters; // so far, of the enrichment
  private long skippedClusters;
  private String changelog;

  RecurrentProcessor(EnricherSpec<K, V> spec) {
    this.spec = spec;
    this.model = spec.model();
    this.settings = spec.settings();
    this.metrics = spec.metrics();
    this.modelHeader = (model.name() + "@" + model.fingerprint()).getBytes(StandardCharsets.UTF_8);
  }

  void init(ProcessingContext context) {
    Functions.requireSubnormals();
    this.context = context;
    store = context.getStateStore(settings.store());
    memories =
        model.config().hasMemory()
            ? new MemoryStore(context.getStateStore(settings.memoryStore()))
            : null;
    close(); // Kafka Streams may use a processor again; what was computed ahead is of before
    searchedClusters = 0;
    skippedClusters = 0;
    if (spec.lookAhead() == null || settings.batchRecords() == 1) {
      enrichment = new Enrichment(model, settings);
    } else {
      enrichment =
          new Enrichment(model, settings, Math.min(settings.batchRecords(), Inference.MAX_ROWS));
      ahead =
          new ComputedAhead(
              spec.lookAhead(),
              enrichment,
              model.fingerprint(),
              settings,
              new Situation(preview(context)),
              metrics);
    }
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
      onward.forward(null, headers);
      store.delete(key);
      long stored = key.get().length; // a deletion is a key in the changelog
      if (memories != null) {
        stored += (long) memories.forget(key) * MemoryStore.keyBytes(key);
      }
      metrics.stored(stored);
      tombstone(key);
      metrics.tombstone();
      return;
    }
    Message read = message(value);
    KeyText keyText = keyText(recordKey, value, key);
    Result result = enrich(subject(key, read, timestampMs, position()));
    countClusters();
    Outcome outcome = result.outcome();
    EnrichedRecord enriched = outcome.enriched().withKey(keyText);
    requireFits(enriched, key, headers);
    if (outcome.entry() != null) {
      requireFits(outcome.entry(), MemoryStore.at(key, outcome.record()));
    }
    onward.forward(enriched, headers);
    store.put(key, outcome.state());
    long stored = key.get().length + outcome.state().length + remember(key, outcome);
    metrics.stored(stored);
    count(timestampMs, outcome, result.nanos());
  }

  /** Returns how many bytes were written, keys included. */
  private long remember(Bytes key, Outcome outcome) {
    outcome.forgotten().forEach(record -> memories.delete(key, record));
    long keyBytes = MemoryStore.keyBytes(key);
    long bytes = keyBytes * outcome.forgotten().size();
    if (outcome.entry() != null) {
      memories.put(key, outcome.record(), outcome.entry());
      bytes += keyBytes + outcome.entry().length;
    }
    return bytes;
  }

  private Result enrich(Subject subject) {
    Optional<RecordMetadata> at = place();
    if (ahead != null && at.isPresent()) {
      return ahead.take(partition(at.get()), at.get().offset(), subject);
    }
    long begin = System.nanoTime();
    Stored stored = stored(subject.key());
    Outcome outcome = enrichment.enrich(subject, stored);
    if (ahead != null) {
      ahead.forget(subject.key());
    }
    long nanos = System.nanoTime() - begin;
    metrics.inline();
    metrics.batch(1, outcome.steps(), nanos);
    return new Result(subject, stored.state(), model.fingerprint(), outcome, nanos);
  }

  private void tombstone(Bytes key) {
    Optional<RecordMetadata> at = place();
    if (ahead != null && at.isPresent()) {
      ahead.tombstone(partition(at.get()), at.get().offset(), key);
    } else if (ahead != null) {
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
   * @param position the source of a message that has none, given the record's timestamp
   */
  private static Subject subject(
      Bytes key, Message read, long recordTimestampMs, Function<Long, Source> position) {
    return read.source() == null
        ? new Subject(key, read.text(), recordTimestampMs, position.apply(recordTimestampMs))
        : new Subject(key, read.text(), read.source().timestampMs(), read.source());
  }

  private Stored stored(Bytes key) {
    return new Stored(
        store.get(key), memories == null ? Collections.emptySortedMap() : memories.entries(key));
  }

  /** What looking ahead has to know of this processor. */
  private final class Situation implements ComputedAhead.Situation {

    private final Preview<K, V> preview;

    Situation(Preview<K, V> preview) {
      this.preview = preview;
    }

    @Override
    public Subject preview(ConsumerRecord<byte[], byte[]> raw, long partitionTimeMs) {
      Record<K, V> record = preview.of(raw, partitionTimeMs);
      if (record == null) {
        return null;
      }
      Bytes key = key(record.key());
      return record.value() == null
          ? new Subject(key, null, null, null)
          : subject(
              key,
              message(record.value()),
              record.timestamp(),
              timestampMs -> new Source(raw.topic(), raw.partition(), raw.offset(), timestampMs));
    }

    @Override
    public byte[] state(Bytes key) {
      return store.get(key);
    }

    @Override
    public Stored stored(Bytes key) {
      return RecurrentProcessor.this.stored(key);
    }
  }

  void close() {
    if (ahead != null) {
      ahead.close();
      ahead = null;
    }
  }

  /** The key as state is kept by. */
  private Bytes key(K key) {
    if (key == null) {
      throw new BadRecordException(
          Reason.NULL_KEY, "a record must have a key, for state is kept per key; found null");
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
          spec.keyEncoding() == KeyEncoding.TEXT ? Reason.INVALID_UTF8 : Reason.DESERIALIZATION,
          e.getMessage());
    }
  }

  /** The key as the enriched record names it. */
  private KeyText keyText(K key, V value, Bytes bytes) {
    if (spec.keyText() == null) {
      return KeyText.of(bytes.get(), spec.keyEncoding());
    }
    String text = spec.keyText().apply(key, value);
    if (text == null) {
      throw new BadRecordException(
          Reason.MISSING_KEY, "keyText() must give every record a text for its key, found null");
    }
    return new KeyText(text, EnrichedRecord.CUSTOM);
  }

  private Message message(V value) {
    Message read = spec.message().apply(value);
    if (read == null) {
      throw new BadRecordException(Reason.MISSING_TEXT, "the value must have a text, found none");
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
    long size = RecordSize.of(key.get(), EnrichedRecordSerde.toJson(enriched).length, headers);
    if (size > limit) {
      throw new BadRecordException(
          Reason.TOO_LARGE,
          "the enriched record must fit %d bytes (max.request.size, max.message.bytes), found %d"
              .formatted(limit, size));
    }
  }

  /** Rejects what the changelog's producer would. */
  private void requireFits(byte[] entry, Bytes key) {
    long size = RecordSize.of(key.get(), entry.length, new RecordHeaders());
    if (size > settings.maxRecordBytes()) {
      throw new BadRecordException(
          Reason.TOO_LARGE,
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

  private void count(long timestampMs, Outcome outcome, long nanos) {
    EnrichedRecord enriched = outcome.enriched();
    int tokens = outcome.tokens();
    metrics.record(tokens, outcome.unknown(), enriched.truncated(), nanos);
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
    if (outcome.start() == Start.FRESH) {
      metrics.freshState();
    } else if (outcome.start() == Start.FOREIGN) {
      metrics.foreignState();
    }
    if (outcome.ageMs() >= 0) {
      metrics.stateAge(outcome.ageMs());
    }
    if (!outcome.forgotten().isEmpty()) {
      metrics.expired(outcome.forgotten().size());
    }
  }
}
