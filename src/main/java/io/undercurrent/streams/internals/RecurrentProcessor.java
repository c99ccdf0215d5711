package io.undercurrent.streams.internals;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.BadRecordException.Reason;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.Enrichment;
import io.undercurrent.enrich.Enrichment.Outcome;
import io.undercurrent.enrich.Enrichment.Start;
import io.undercurrent.enrich.EnrichmentSettings;
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
import io.undercurrent.streams.RecurrentProcessorSupplier;
import io.undercurrent.streams.internals.ComputedAhead.Result;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
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
 * <p>A record that fails here, before it is forwarded, leaves its key's state and memory as they
 * were. A record that fails downstream moves them all the same if the exception handler resumes:
 * Kafka Streams calls the handler at the node that failed, and {@code forward} returns as if
 * nothing had happened. If the handler fails instead, {@code forward} throws, nothing is written
 * here and the stream thread ends.
 */
public final class RecurrentProcessor<K, V> implements Processor<K, V, K, EnrichedRecord> {

  /** JSON around the texts of an enriched record: names, numbers, the topic; 100 next tokens. */
  private static final int JSON_OVERHEAD_BYTES = 16_384;

  /** A control character in JSON: six bytes. Any other takes fewer. */
  private static final long MAX_JSON_BYTES_PER_CHAR = 6;

  private final Serde<K> keySerde;
  private final Model model;
  private final Function<? super V, Message> message;
  private final EnrichmentSettings settings;
  private final EnrichmentMetrics metrics;
  private final Mailboxes lookAhead; // null for none
  private final Preview<K, V> preview; // null for none
  private final byte[] modelHeader;

  private ProcessorContext<K, EnrichedRecord> context;
  private KeyValueStore<Bytes, byte[]> store;
  private MemoryStore memories; // null for a model that has none
  private Enrichment enrichment;
  private ComputedAhead ahead; // null where records are computed one by one
  private long searchedClusters; // so far, of the enrichment
  private long skippedClusters;
  private String changelog;
  private MovedStates moved; // null where no dead letter is to say what became of a state

  public RecurrentProcessor(
      Serde<K> keySerde,
      Model model,
      Function<? super V, Message> message,
      EnrichmentSettings settings,
      EnrichmentMetrics metrics,
      Mailboxes lookAhead,
      Preview<K, V> preview) {
    this.lookAhead = lookAhead;
    this.preview = preview;
    this.keySerde = keySerde;
    this.model = model;
    this.message = message;
    this.settings = settings;
    this.metrics = metrics;
    this.modelHeader = (model.name() + "@" + model.fingerprint()).getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void init(ProcessorContext<K, EnrichedRecord> context) {
    Functions.requireSubnormals();
    this.context = context;
    store = context.getStateStore(settings.store());
    memories =
        model.config().hasMemory()
            ? new MemoryStore(context.getStateStore(settings.memoryStore()))
            : null;
    moved = MovedStates.of(context.appConfigs());
    close(); // Kafka Streams may use a processor again; what was computed ahead is of before
    searchedClusters = 0;
    skippedClusters = 0;
    if (lookAhead == null || settings.batchRecords() == 1) {
      enrichment = new Enrichment(model, settings);
    } else {
      enrichment =
          new Enrichment(model, settings, Math.min(settings.batchRecords(), Inference.MAX_ROWS));
      ahead =
          new ComputedAhead(
              lookAhead, enrichment, model.fingerprint(), settings, new Situation(), metrics);
    }
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
      forward(onward.withValue(null));
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
    Result result = enrich(subject(key, message(record.value()), record.timestamp(), position()));
    countClusters();
    Outcome outcome = result.outcome();
    requireFits(outcome.enriched(), key, headers);
    if (outcome.entry() != null) {
      requireFits(outcome.entry(), MemoryStore.at(key, outcome.record()));
    }
    forward(onward.withValue(outcome.enriched()));
    store.put(key, outcome.state());
    long stored = key.get().length + outcome.state().length + remember(key, outcome);
    metrics.stored(stored);
    count(record.timestamp(), outcome, result.nanos());
  }

  /** From here on the state moves, unless {@code forward} throws and the stream thread ends. */
  private void forward(Record<K, EnrichedRecord> record) {
    if (moved != null) {
      place().ifPresent(at -> moved.move(context.taskId(), at));
    }
    context.forward(record);
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

    @Override
    public Subject preview(ConsumerRecord<byte[], byte[]> raw, long partitionTimeMs) {
      Record<K, V> record = preview.of(raw, partitionTimeMs);
      if (record == null) {
        return null;
      }
      Bytes key = key(record);
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

  @Override
  public void close() {
    if (ahead != null) {
      ahead.close();
      ahead = null;
    }
    if (moved != null) {
      moved.clear(context.taskId());
    }
  }

  private Bytes key(Record<K, V> record) {
    if (record.key() == null) {
      throw new BadRecordException(
          Reason.NULL_KEY, "a record must have a key, for state is kept per key; found null");
    }
    return Bytes.wrap(keySerde.serializer().serialize(changelog, record.key()));
  }

  private Message message(V value) {
    Message read = message.apply(value);
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
