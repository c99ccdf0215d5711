package io.undercurrent.streams.internals;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.Enrichment;
import io.undercurrent.enrich.Enrichment.Outcome;
import io.undercurrent.enrich.EnrichmentSettings;
import io.undercurrent.enrich.Message;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.kernel.Functions;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.metrics.EnricherMeters;
import io.undercurrent.metrics.EnrichmentMetrics;
import io.undercurrent.model.Model;
import io.undercurrent.streams.EnrichedRecordSerde;
import io.undercurrent.streams.Preview;
import io.undercurrent.streams.RecurrentProcessorSupplier;
import io.undercurrent.streams.internals.ComputedAhead.Result;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * Reads each record in the light of its key's state. One record in, one record out.
 *
 * <p>State and memory are written last: whatever throws before, also downstream, leaves the key as
 * it was.
 */
public final class RecurrentProcessor<K, V> implements Processor<K, V, K, EnrichedRecord> {

  /** JSON around the texts of an enriched record: names, numbers, the topic; 100 next tokens. */
  private static final int JSON_OVERHEAD_BYTES = 16_384;

  /** A control character in JSON: six bytes. Any other takes fewer. */
  private static final long MAX_JSON_BYTES_PER_CHAR = 6;

  private final Serde<K> keySerde;
  private final Model model;
  private final Function<? super V, SourceText> text;
  private final EnrichmentSettings settings;
  private final EnricherMeters meters;
  private final Mailboxes lookAhead; // null for none
  private final Preview<K, V> preview; // null for none
  private final byte[] modelHeader;

  private ProcessorContext<K, EnrichedRecord> context;
  private EnrichmentMetrics metrics;
  private KeyValueStore<Bytes, byte[]> store;
  private MemoryStore memories; // null for a model that has none
  private StoredKeys stored;
  private Enrichment enrichment;
  private ComputedAhead ahead;
  private long searchedClusters; // so far, of the enrichment
  private long skippedClusters;
  private boolean looksAhead; // whether records are computed several at once
  private String changelog;

  public RecurrentProcessor(
      Serde<K> keySerde,
      Model model,
      Function<? super V, SourceText> text,
      EnrichmentSettings settings,
      EnricherMeters meters,
      Mailboxes lookAhead,
      Preview<K, V> preview) {
    this.lookAhead = lookAhead;
    this.preview = preview;
    this.keySerde = keySerde;
    this.model = model;
    this.text = text;
    this.settings = settings;
    this.meters = meters;
    this.modelHeader = (model.name() + "@" + model.fingerprint()).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void init(ProcessorContext<K, EnrichedRecord> context) {
    Functions.requireSubnormals();
    this.context = context;
    metrics = meters.in(TopologyName.of(context.appConfigs()));
    store = context.getStateStore(settings.store());
    memories =
        model.config().hasMemory()
            ? new MemoryStore(context.getStateStore(settings.memoryStore()))
            : null;
    stored =
        new StoredKeys(model)
            .in(store, memories == null ? null : context.getStateStore(settings.memoryStore()));
    close(); // Kafka Streams may use a processor again; what was computed ahead is of before
    searchedClusters = 0;
    skippedClusters = 0;
    looksAhead = lookAhead != null && settings.batchRecords() > 1;
    enrichment =
        new Enrichment(
            model,
            settings,
            looksAhead ? Math.min(settings.batchRecords(), Inference.MAX_ROWS) : 1);
    ahead =
        new ComputedAhead(
            lookAhead, enrichment, model.fingerprint(), settings, stored, this::preview, metrics);
    // What a serde that keeps schemas by topic has to be told; as Kafka's own stores do.
    changelog = context.applicationId() + "-" + settings.store() + "-changelog";
  }

  @Override
  public void process(Record<K, V> record) {
    Bytes key = key(record);
    Headers headers = new RecordHeaders(record.headers());
    headers.add(RecurrentProcessorSupplier.MODEL_HEADER, modelHeader);
    Record<K, V> onward = record.withHeaders(headers);
    if (record.value() == null) {
      context.forward(onward.withValue(null));
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
    Message message = message(key, text(record.value()), record.timestamp(), position());
    Result result = enrich(new Incoming(key, message));
    countClusters();
    Outcome outcome = result.outcome();
    requireFits(outcome.record(), key, headers);
    long number = outcome.after().records();
    byte[] entry = outcome.remembered() == null ? null : stored.serialize(outcome.remembered());
    if (entry != null) {
      requireFits(entry, MemoryStore.at(key, number));
    }
    context.forward(onward.withValue(outcome.record()));
    store.put(key, result.after());
    metrics.stored(key.get().length + result.after().length + remember(key, number, entry, result));
    count(record.timestamp(), result);
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
  private static Message message(
      Bytes key, SourceText read, long recordTimestampMs, Function<Long, Source> position) {
    KeyText keyText = KeyText.of(key.get());
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
    Bytes key = key(record);
    return new Incoming(
        key,
        record.value() == null
            ? new Message(KeyText.of(key.get()), null, null, null)
            : message(
                key,
                text(record.value()),
                record.timestamp(),
                timestampMs ->
                    new Source(raw.topic(), raw.partition(), raw.offset(), timestampMs)));
  }

  @Override
  public void close() {
    if (ahead != null) {
      ahead.close();
      ahead = null;
    }
  }

  private Bytes key(Record<K, V> record) {
    if (record.key() == null) {
      throw new BadRecordException(
          DeadLetterReason.NULL_KEY,
          "a record must have a key, for state is kept per key; found null");
    }
    return Bytes.wrap(keySerde.serializer().serialize(changelog, record.key()));
  }

  private SourceText text(V value) {
    SourceText read = text.apply(value);
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
    long size = RecordSize.of(key.get(), EnrichedRecordSerde.toJson(enriched).length, headers);
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
