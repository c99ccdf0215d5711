package io.undercurrent.streams.internals;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecordJson;
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
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.processor.api.ProcessingContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Enriches each record from its key's state, forwards the enriched record and stores the next
 * state. One record in, one record out; a tombstone deletes its key's state and is forwarded as
 * null.
 *
 * <p>One for each task, owned by its stream thread. Kafka Streams may close it and initialise it
 * again.
 *
 * <p>A record that fails here, before it is forwarded, leaves its key's state and memory unchanged.
 * A record that fails downstream changes them nevertheless if the exception handler resumes: Kafka
 * Streams calls the handler at the node that failed, and {@code forward} returns normally. If the
 * handler fails, {@code forward} throws, nothing is written here and the stream thread ends.
 */
final class RecurrentProcessor<K, V> {

  private static final Logger log = LoggerFactory.getLogger(RecurrentProcessor.class);

  /** The maximum size of an enriched record without its texts: names, numbers, 100 next tokens. */
  private static final int JSON_OVERHEAD_BYTES = 16_384;

  /** A control character takes six bytes in JSON; any other takes fewer. */
  private static final long MAX_JSON_BYTES_PER_CHAR = 6;

  /** Forwards a record's result downstream. */
  @FunctionalInterface
  interface Forwarder {

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
  private Preview<K, V> preview; // null if records are computed one by one
  private Serde<V> previewSerde; // made for the preview, closed with it; null if none was made
  private KeyValueStore<Bytes, byte[]> store;
  private MemoryStore memories; // null for a model without a memory
  private StoredKeys stored;
  private Enrichment enrichment;
  private SpeculativeResults results; // null before init and after close
  private long searchedClusters; // of the enrichment, already reported
  private long skippedClusters; // of the enrichment, already reported
  private boolean looksAhead; // whether several records are computed at once
  private String changelog;
  private MovedStates movedStates; // null if dead letters do not report states
  private RefusedRecords refused; // null if dead letters are not configured

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
            .in(store, memories == null ? null : context.getStateStore(settings.memoryStore()))
            .onBroken(this::restoreOnce);
    movedStates = MovedStates.from(context.appConfigs());
    refused = RefusedRecords.from(context.appConfigs());
    close(); // Kafka Streams may initialise a processor again; drop older results
    searchedClusters = 0;
    skippedClusters = 0;
    looksAhead = spec.lookAhead() != null && settings.batchRecords() > 1;
    preview = looksAhead ? preview(context) : null;
    enrichment =
        new Enrichment(
            model,
            settings,
            looksAhead ? Math.min(settings.batchRecords(), Inference.MAX_ROWS) : 1);
    results =
        new SpeculativeResults(
            spec.lookAhead(),
            enrichment,
            model.fingerprint(),
            settings,
            stored,
            this::previewMessage,
            metrics);
    // Keys are serialised for this topic, as Kafka's own stores do: a serde may keep schemas by
    // topic.
    changelog = context.applicationId() + "-" + settings.store() + "-changelog";
    spec.changelog().set(changelog);
  }

  private Preview<K, V> preview(ProcessingContext context) {
    if (spec.preview() != null) {
      return spec.preview();
    }
    try {
      @SuppressWarnings("unchecked")
      Serde<V> values = (Serde<V>) context.valueSerde();
      previewSerde = values;
      return Preview.of(spec.keySerde(), values);
    } catch (ConfigException e) {
      throw new ConfigException(
          "lookAhead(lookAhead) needs default.value.serde, found none: set it, or give"
              + " lookAhead() the serde of the source's values");
    }
  }

  void process(
      K recordKey, V value, long timestampMs, Headers recordHeaders, Forwarder downstream) {
    try {
      enrich(recordKey, value, timestampMs, recordHeaders, downstream);
    } catch (ProcessorStateException e) {
      throw new BrokenFiles(
              context.taskId(), context.stateDir().toPath(), settings.store(), spec.repairs())
          .after(e);
    }
  }

  private void enrich(
      K recordKey, V value, long timestampMs, Headers recordHeaders, Forwarder downstream) {
    Bytes key = key(recordKey);
    KeyText encoded = spec.keyText() == null ? encoded(key) : null;
    Headers headers = new RecordHeaders(recordHeaders);
    headers.add(spec.modelHeader(), modelHeader);
    if (value == null) {
      if (refused != null) {
        refused.checkTombstone(spec.modelHeader(), key.get(), timestampMs);
      }
      delete(key, headers, downstream);
      return;
    }
    Message message = message(key, value, timestampMs, this::currentSource);
    if (refused != null) {
      refused.check(spec.modelHeader(), message.source());
    }
    KeyText keyText = encoded == null ? customText(recordKey, value) : encoded;
    Result result = enrich(message);
    reportClusters();
    Outcome outcome = result.outcome();
    EnrichedRecord enriched = outcome.record().withKey(keyText);
    requireFits(enriched, key, headers);
    long number = outcome.after().records();
    byte[] entry = outcome.remembered() == null ? null : stored.serialize(outcome.remembered());
    if (entry != null) {
      requireFits(entry, MemoryStore.at(key, number));
    }
    reportStateMoved();
    downstream.forward(enriched, headers);
    store.put(key, result.after());
    long memoryBytes = updateMemory(key, number, entry, result.forgotten());
    metrics.stored(key.get().length + result.after().length + memoryBytes);
    report(timestampMs, result);
  }

  /** Handles a tombstone: forwards it, and deletes the key's state and memory. */
  private void delete(Bytes key, Headers headers, Forwarder downstream) {
    reportStateMoved();
    downstream.forward(null, headers);
    store.delete(key);
    long bytes = key.get().length; // the changelog receives the key and a null
    if (memories != null) {
      bytes += (long) memories.deleteAll(key) * MemoryStore.keyBytes(key);
    }
    metrics.stored(bytes);
    Optional<RecordMetadata> position = currentPosition();
    if (looksAhead && position.isPresent()) {
      results.tombstone(
          partition(position.get()), position.get().offset(), ByteBuffer.wrap(key.get()));
    } else {
      results.dropResultsOf(ByteBuffer.wrap(key.get()));
    }
    metrics.tombstone();
  }

  /**
   * Reports that the current record changes its key's state. From here on it does, unless {@code
   * forward} throws, and then the stream thread ends.
   */
  private void reportStateMoved() {
    if (movedStates != null) {
      currentPosition().ifPresent(position -> movedStates.stateMoved(context.taskId(), position));
    }
  }

  /**
   * Deletes the memory entries of the forgotten records and adds the current record's.
   *
   * @param entry of the current record; null if it is not remembered
   * @return the number of bytes written, keys included
   */
  private long updateMemory(Bytes key, long number, byte[] entry, List<Long> forgotten) {
    forgotten.forEach(record -> memories.delete(key, record));
    long keyBytes = MemoryStore.keyBytes(key);
    long bytes = keyBytes * forgotten.size();
    if (entry != null) {
      memories.put(key, number, entry);
      bytes += keyBytes + entry.length;
    }
    return bytes;
  }

  /**
   * Has Kafka Streams restore the task from the changelogs, unless this was done for the key before
   * or too often. Then the key starts again.
   */
  private void restoreOnce(Bytes key, StateFormatException why) {
    if (spec.repairs().take(context.taskId(), key)) {
      log.warn(
          "task {}: a state in store {} is broken, so the states are restored from the changelog:"
              + " {}",
          context.taskId(),
          settings.store(),
          why.getMessage());
      for (String of : List.of(settings.store(), settings.memoryStore())) {
        new StoreFiles(context.taskId(), context.stateDir().toPath(), of).condemn();
      }
      throw BrokenFiles.startAgain(context.taskId(), why);
    }
  }

  private Result enrich(Message record) {
    Optional<RecordMetadata> position = currentPosition();
    if (looksAhead && position.isPresent()) {
      return results.resultFor(partition(position.get()), position.get().offset(), record);
    }
    metrics.inline();
    return results.computeAlone(record);
  }

  private static String place(RecordMetadata position) {
    return partition(position) + " offset " + position.offset();
  }

  private static TopicPartition partition(RecordMetadata position) {
    return new TopicPartition(position.topic(), position.partition());
  }

  /** Topic, partition and offset of the current record; empty if an upstream punctuator made it. */
  private Optional<RecordMetadata> currentPosition() {
    return context
        .recordMetadata()
        .filter(position -> position.topic() != null && position.offset() >= 0);
  }

  private Source currentSource(Long timestampMs) {
    return currentPosition()
        .map(
            position ->
                new Source(position.topic(), position.partition(), position.offset(), timestampMs))
        .orElse(null);
  }

  /**
   * @param position gives the record's own position and timestamp, for a value without a source
   */
  private Message message(
      Bytes key, V value, long recordTimestampMs, Function<Long, Source> position) {
    String text = spec.text().apply(value);
    if (text == null) {
      throw new BadRecordException(
          DeadLetterReason.MISSING_TEXT, "the value must have a text, found none");
    }
    Source source = spec.source() == null ? null : spec.source().apply(value);
    return source == null
        ? new Message(
            ByteBuffer.wrap(key.get()), text, recordTimestampMs, position.apply(recordTimestampMs))
        : new Message(ByteBuffer.wrap(key.get()), text, source.timestampMs(), source);
  }

  /** The message that {@link #process} will make of a polled record; null if it receives none. */
  private Message previewMessage(ConsumerRecord<byte[], byte[]> raw, long partitionTimeMs) {
    Record<K, V> record = preview.of(raw, partitionTimeMs);
    if (record == null) {
      return null;
    }
    Bytes key = key(record.key());
    return record.value() == null
        ? new Message(ByteBuffer.wrap(key.get()), null, null, null)
        : message(
            key,
            record.value(),
            record.timestamp(),
            timestampMs -> new Source(raw.topic(), raw.partition(), raw.offset(), timestampMs));
  }

  void close() {
    if (results != null) {
      results.close();
      results = null;
    }
    if (previewSerde != null) {
      previewSerde.close();
      previewSerde = null;
    }
    if (movedStates != null) {
      movedStates.clear(context.taskId());
    }
  }

  /** The key's bytes, under which its state is stored. */
  private Bytes key(K key) {
    if (key == null) {
      throw new BadRecordException(
          DeadLetterReason.NULL_KEY,
          "a record must have a key, because state is stored per key; found null");
    }
    return Bytes.wrap(spec.keySerde().serializer().serialize(changelog, key));
  }

  /** The key as the enriched record shows it, in the encoding of the stream. */
  private KeyText encoded(Bytes key) {
    try {
      return KeyText.of(key.get(), spec.keyEncoding());
    } catch (IllegalArgumentException e) {
      throw new BadRecordException(DeadLetterReason.INVALID_KEY, e.getMessage());
    }
  }

  /** The key as the enriched record shows it, if the user says how. */
  private KeyText customText(K key, V value) {
    String text = spec.keyText().apply(key, value);
    if (text == null) {
      throw new BadRecordException(
          DeadLetterReason.MISSING_KEY,
          "keyText() must return a text for every record, found null");
    }
    return new KeyText(text, EnrichedRecord.CUSTOM);
  }

  /** Rejects an enriched record that the producer would reject, before the state changes. */
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
    long maxJsonBytes = JSON_OVERHEAD_BYTES + MAX_JSON_BYTES_PER_CHAR * chars;
    if (RecordSize.of(key.get(), maxJsonBytes, headers) <= limit) {
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

  /** Rejects a memory entry that the changelog's producer would reject. */
  private void requireFits(byte[] entry, Bytes key) {
    long size = RecordSize.of(key.get(), entry.length, new RecordHeaders());
    if (size > settings.maxRecordBytes()) {
      throw new BadRecordException(
          DeadLetterReason.TOO_LARGE,
          "the record's memory entry must fit %d bytes (max.request.size), found %d"
              .formatted(settings.maxRecordBytes(), size));
    }
  }

  private void reportClusters() {
    long searched = enrichment.searchedClusters();
    long skipped = enrichment.skippedClusters();
    metrics.clusters(searched - searchedClusters, skipped - skippedClusters);
    searchedClusters = searched;
    skippedClusters = skipped;
  }

  private void report(long timestampMs, Result result) {
    Outcome outcome = result.outcome();
    EnrichedRecord enriched = outcome.record();
    int tokens = outcome.tokens();
    metrics.record(tokens, outcome.unknown(), enriched.truncated(), result.nanos());
    if (timestampMs >= 0) {
      metrics.latency(System.currentTimeMillis() - timestampMs);
    }
    if (enriched.sentiment() != null) {
      Double score = enriched.sentiment().score(); // null for labels without valences
      metrics
          .language()
          .record(
              enriched.sentiment().label(),
              score == null ? Double.NaN : score,
              enriched.surprise().bitsPerToken(),
              (double) outcome.unknown() / tokens);
      if (enriched.sentiment().uncertain()) {
        metrics.language().uncertain();
      }
      if (outcome.hit() != Hit.NONE) {
        metrics.language().nextWord(outcome.hit() == Hit.HIT);
      }
    }
    if (result.broken() != null) {
      metrics.brokenState();
      log.warn(
          "{}: the state of the record's key in store {} of task {} is broken, so the key starts"
              + " again: {}",
          currentPosition().map(RecurrentProcessor::place).orElse("a record without a place"),
          settings.store(),
          context.taskId(),
          result.broken());
    } else if (result.foreign()) {
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
