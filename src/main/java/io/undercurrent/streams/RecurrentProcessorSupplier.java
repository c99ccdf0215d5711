package io.undercurrent.streams;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichmentSettings;
import io.undercurrent.metrics.EnricherMeters;
import io.undercurrent.model.Model;
import io.undercurrent.streams.internals.HiddenStateStore;
import io.undercurrent.streams.internals.MemoryStore;
import io.undercurrent.streams.internals.RecurrentProcessor;
import io.undercurrent.streams.internals.SourceText;
import java.util.LinkedHashSet;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * Puts the enrichment into any topology; it brings its own state store, and a second one for a
 * model with attention or a cache:
 *
 * <pre>{@code
 * KStream<String, String> messages = builder.stream("messages", ...);
 * messages
 *     .process(RecurrentProcessorSupplier.ofText(Serdes.String(), model), Named.as("enrich"))
 *     .to("messages-enriched", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
 * }</pre>
 *
 * <p>The stream has to be partitioned by key. A null value makes its key forgotten and travels on
 * as a null. A null key, or a value without a text, throws {@link BadRecordException}: see {@link
 * DeadLetterHandler} for what can be done with it. Input headers travel on, and {@value
 * #MODEL_HEADER} is added.
 *
 * <p>Thread-safe, as Kafka Streams requires; each task gets a processor of its own.
 *
 * @param <K> type of the keys; their serialised form is what state is kept by
 * @param <V> type of the values
 */
public final class RecurrentProcessorSupplier<K, V>
    implements ProcessorSupplier<K, V, K, EnrichedRecord> {

  /** Header of every enriched record: {@code name@fingerprint} of the model, UTF-8. */
  public static final String MODEL_HEADER = "undercurrent-model";

  private final Serde<K> keySerde;
  private final Model model;
  private final Function<? super V, SourceText> message;
  private final EnrichmentSettings settings;
  private final EnricherMeters meters;
  private final LookAhead lookAhead; // null for none
  private final Preview<K, V> preview; // null for none

  /** For values that are texts, with default settings and no meters. */
  public static <K> RecurrentProcessorSupplier<K, String> ofText(Serde<K> keySerde, Model model) {
    return new RecurrentProcessorSupplier<>(keySerde, model, text -> new SourceText(text, null));
  }

  /**
   * With default settings and no meters.
   *
   * @param message a value's message; null for a value without a text. Called by all stream
   *     threads, never with null
   */
  public RecurrentProcessorSupplier(
      Serde<K> keySerde, Model model, Function<? super V, SourceText> message) {
    this(keySerde, model, message, EnrichmentSettings.DEFAULTS, new CompositeMeterRegistry());
  }

  /**
   * @param message a value's message; null for a value without a text. Called by all stream
   *     threads, never with null
   * @param registry where meters are registered
   */
  public RecurrentProcessorSupplier(
      Serde<K> keySerde,
      Model model,
      Function<? super V, SourceText> message,
      EnrichmentSettings settings,
      MeterRegistry registry) {
    this(
        keySerde,
        model,
        message,
        settings,
        EnricherMeters.of(registry, EnricherMeters.DEFAULT_NAME, model));
  }

  /**
   * @param meters that the processors report to
   */
  public RecurrentProcessorSupplier(
      Serde<K> keySerde,
      Model model,
      Function<? super V, SourceText> message,
      EnrichmentSettings settings,
      EnricherMeters meters) {
    this(keySerde, model, message, settings, meters, null, null);
  }

  private RecurrentProcessorSupplier(
      Serde<K> keySerde,
      Model model,
      Function<? super V, SourceText> message,
      EnrichmentSettings settings,
      EnricherMeters meters,
      LookAhead lookAhead,
      Preview<K, V> preview) {
    this.keySerde = Objects.requireNonNull(keySerde, "keySerde");
    this.model = Objects.requireNonNull(model, "model");
    this.message = Objects.requireNonNull(message, "message");
    this.settings = Objects.requireNonNull(settings, "settings");
    this.meters = Objects.requireNonNull(meters, "meters");
    this.lookAhead = lookAhead;
    this.preview = preview;
  }

  /**
   * The same, but computing up to {@link EnrichmentSettings#batchRecords} records at once, where
   * these lie ahead: the same bytes sooner.
   *
   * @param lookAhead the application's; {@link LookAhead#addTo} its configuration too
   * @param preview what a polled record is when it comes here
   */
  public RecurrentProcessorSupplier<K, V> lookingAhead(LookAhead lookAhead, Preview<K, V> preview) {
    return new RecurrentProcessorSupplier<>(
        keySerde,
        model,
        message,
        settings,
        meters,
        Objects.requireNonNull(lookAhead, "lookAhead"),
        Objects.requireNonNull(preview, "preview"));
  }

  @Override
  public Processor<K, V, K, EnrichedRecord> get() {
    return new RecurrentProcessor<>(
        keySerde,
        model,
        message,
        settings,
        meters,
        lookAhead == null ? null : lookAhead.mailboxes(),
        preview);
  }

  @Override
  public Set<StoreBuilder<?>> stores() {
    Set<StoreBuilder<?>> stores = new LinkedHashSet<>();
    stores.add(HiddenStateStore.builder(settings.store()));
    if (model.config().hasMemory()) {
      stores.add(MemoryStore.builder(settings.memoryStore()));
    }
    return stores;
  }
}
