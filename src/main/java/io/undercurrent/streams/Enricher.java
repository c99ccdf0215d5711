package io.undercurrent.streams;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.metrics.internals.EnricherMeters;
import io.undercurrent.model.Model;
import io.undercurrent.query.KeyQueries;
import io.undercurrent.query.internals.LocalKeyQueries;
import io.undercurrent.streams.internals.EnricherSpec;
import io.undercurrent.streams.internals.FixedKeyedProcessor;
import io.undercurrent.streams.internals.KeyedProcessor;
import io.undercurrent.streams.internals.SourceText;
import java.util.Objects;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.apache.kafka.common.serialization.IntegerSerializer;
import org.apache.kafka.common.serialization.LongSerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.ShortSerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.serialization.UUIDSerializer;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.processor.api.FixedKeyProcessor;
import org.apache.kafka.streams.processor.api.FixedKeyProcessorSupplier;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.StoreBuilder;

/**
 * Puts the enrichment into any topology. It brings its own state store, and a second one for a
 * model with attention or a cache.
 *
 * <pre>{@code
 * Enricher<String, Ticket> enricher =
 *     Enricher.builder(Serdes.String(), model).text(Ticket::body).build();
 *
 * stream.processValues(enricher.fixedKey(), Named.as("enrich"))   // KStream<String, Enriched<Ticket>>
 * stream.process(enricher.supplier(), Named.as("enrich"))         // KStream<String, EnrichedRecord>
 * }</pre>
 *
 * <p>{@link #fixedKey} keeps the key and the value: a join, a window or a table behind it needs no
 * repartition topic. {@link #supplier} gives the enriched record alone; for Kafka Streams {@code
 * process} may change the key, so a join or a window behind it does need a repartition topic.
 *
 * <p><b>What it expects.</b> The stream has to be partitioned by key. A null value makes its key
 * forgotten and travels on as null. A null key, or a value without a text, throws {@link
 * BadRecordException}: {@link DeadLetterHandler} says what can be done with it. Input headers
 * travel on, and {@link #modelHeader} is added.
 *
 * <p><b>Use it twice.</b> An enricher is one state for each key. Two {@code process} or {@code
 * processValues} calls with the same enricher in one topology share that state: what is said in
 * either stream counts in both. Kafka Streams then runs both in the same tasks. The topics must be
 * partitioned alike, as for a join, and here Kafka Streams does not check it. A record that passes
 * through both is read twice. To keep states apart, build two enrichers and give them different
 * names ({@link Builder#named}); two of the same name in one topology are refused by Kafka Streams
 * ("A different StateStore has already been added").
 *
 * <p><b>What {@code key} says in JSON</b> is one rule per enricher, never per record:
 *
 * <ul>
 *   <li>what {@link Builder#keyText} says, if it is given ({@code "keyEncoding":"custom"});
 *   <li>otherwise the {@link Builder#keyEncoding}, if it is given;
 *   <li>otherwise it follows from the serde of the keys: the text for {@code Serdes.String()} and
 *       {@code Serdes.UUID()}, the number for {@code Serdes.Long()}, {@code Integer()} and {@code
 *       Short()}, and base64 for any other.
 * </ul>
 *
 * <p>Immutable and thread-safe. One enricher can serve several topologies; each task gets a
 * processor of its own. No argument of any method may be null.
 *
 * @param <K> type of the keys; their serialised form is what state is kept by
 * @param <V> type of the values
 */
public final class Enricher<K, V> {

  /** The name of an enricher that was given none. */
  public static final String DEFAULT_NAME = "enrich";

  private static final String STORE = "hidden-state";
  static final String MODEL_HEADER = "undercurrent-model";

  private final String name;
  private final EnricherSpec<K, V> spec;
  private final Set<StoreBuilder<?>> stores; // the same objects each time: that is how uses share

  private Enricher(String name, EnricherSpec<K, V> spec, StoreSettings store) {
    this.name = name;
    this.spec = spec;
    this.stores =
        store.builders(spec.model().config().hasMemory() ? spec.settings().memoryStore() : null);
  }

  /**
   * An enricher of values that are texts, with default settings and no meters.
   *
   * @param keySerde gives the bytes that state is kept by; its serializer serves all stream threads
   */
  public static <K> Enricher<K, String> ofText(Serde<K> keySerde, Model model) {
    return builder(keySerde, model).build();
  }

  /**
   * Begins an enricher. Its values are texts unless {@link Builder#text} says otherwise.
   *
   * @param keySerde gives the bytes that state is kept by; its serializer serves all stream threads
   */
  public static <K> Builder<K, String> builder(Serde<K> keySerde, Model model) {
    return new Builder<>(
        Objects.requireNonNull(keySerde, "keySerde"),
        Objects.requireNonNull(model, "model"),
        text -> text);
  }

  /** For {@code KStream.processValues}: keeps the key, and the value beside the enriched record. */
  public FixedKeyProcessorSupplier<K, V, Enriched<V>> fixedKey() {
    return new FixedKeyProcessorSupplier<>() {
      @Override
      public FixedKeyProcessor<K, V, Enriched<V>> get() {
        return new FixedKeyedProcessor<>(spec);
      }

      @Override
      public Set<StoreBuilder<?>> stores() {
        return stores;
      }
    };
  }

  /** For {@code KStream.process} and {@code Topology.addProcessor}: the enriched record alone. */
  public ProcessorSupplier<K, V, K, EnrichedRecord> supplier() {
    return new ProcessorSupplier<>() {
      @Override
      public Processor<K, V, K, EnrichedRecord> get() {
        return new KeyedProcessor<>(spec);
      }

      @Override
      public Set<StoreBuilder<?>> stores() {
        return stores;
      }
    };
  }

  /**
   * Questions about keys of a running application.
   *
   * @param streams of a topology that uses this enricher; need not have started yet
   */
  public KeyQueries<K> queries(KafkaStreams streams) {
    Objects.requireNonNull(streams, "streams");
    Supplier<String> changelog =
        () -> spec.changelog().name() == null ? storeName() : spec.changelog().name();
    return new LocalKeyQueries<>(
        streams, spec.keySerde(), changelog, spec.model(), spec.settings());
  }

  /** Its name; {@value #DEFAULT_NAME} if it was given none. */
  public String name() {
    return name;
  }

  /** Name of its state store: {@code hidden-state}, or {@code NAME-hidden-state}. */
  public String storeName() {
    return spec.settings().store();
  }

  /**
   * Header of every enriched record: {@code undercurrent-model}, or {@code
   * undercurrent-model-NAME}. Its value is {@code name@fingerprint} of the model, UTF-8.
   */
  public String modelHeader() {
    return spec.modelHeader();
  }

  /**
   * Chooses what an {@link Enricher} does. Every method changes the builder and returns it; {@link
   * #text} returns a new one, for values of another type. An argument out of range throws {@link
   * IllegalArgumentException} with one line that names the setting, what it must be and what it is.
   * For one thread.
   *
   * @param <K> type of the keys
   * @param <V> type of the values
   */
  public static final class Builder<K, V> {

    private final Serde<K> keySerde;
    private final Model model;
    private final Function<? super V, String> text;
    private String name = DEFAULT_NAME;
    private Function<? super V, Source> source; // null for where the record is read
    private BiFunction<? super K, ? super V, String> keyText; // null for none
    private KeyEncoding keyEncoding;
    private UnaryOperator<StoreSettings> store = UnaryOperator.identity();
    private EnrichmentSettings settings = EnrichmentSettings.DEFAULTS;
    private MeterRegistry registry = new CompositeMeterRegistry();
    private LookAhead lookAhead; // null for none
    private Preview<K, V> preview; // null for the default serdes

    private Builder(Serde<K> keySerde, Model model, Function<? super V, String> text) {
      this.keySerde = keySerde;
      this.model = model;
      this.text = text;
      this.keyEncoding = encodingOf(keySerde.serializer());
    }

    private static KeyEncoding encodingOf(Serializer<?> serializer) {
      if (serializer instanceof StringSerializer || serializer instanceof UUIDSerializer) {
        return KeyEncoding.TEXT;
      }
      if (serializer instanceof LongSerializer) {
        return KeyEncoding.LONG;
      }
      if (serializer instanceof IntegerSerializer) {
        return KeyEncoding.INTEGER;
      }
      return serializer instanceof ShortSerializer ? KeyEncoding.SHORT : KeyEncoding.BASE64;
    }

    /**
     * Where the text of a value is. Comes before {@link #source}, {@link #keyText} and {@link
     * #lookAhead}.
     *
     * @param text of a value, which is never null; null for a value without a text, which throws
     *     {@link BadRecordException}. Called by all stream threads. The compiler finds the type of
     *     the values in a method reference such as {@code Ticket::body}; a lambda has to name it:
     *     {@code (Ticket ticket) -> ticket.body()}
     * @param <T> type of the stream's values
     */
    public <T> Builder<K, T> text(Function<? super T, String> text) {
      Objects.requireNonNull(text, "text");
      if (source != null || keyText != null || lookAhead != null) {
        throw new IllegalStateException(
            "text() must come before source(), keyText() and lookAhead(), which depend on the"
                + " values' type; found it behind them");
      }
      Builder<K, T> builder = new Builder<>(keySerde, model, text);
      builder.name = name;
      builder.keyEncoding = keyEncoding;
      builder.store = store;
      builder.settings = settings;
      builder.registry = registry;
      return builder;
    }

    /**
     * Where a value was first read, for values that say so: behind a repartition topic, enriched
     * records then still name the topic that the text came from. The timestamp is taken from there
     * too.
     *
     * @param source of a value; null for the place and time of the record that carries it. Called
     *     by all stream threads
     */
    public Builder<K, V> source(Function<? super V, Source> source) {
      this.source = Objects.requireNonNull(source, "source");
      return this;
    }

    /**
     * A name, by which two enrichers in one application are told apart. It stands in the names of
     * the store ({@code NAME-hidden-state}) and its changelog topic, in the model's header ({@code
     * undercurrent-model-NAME}) and as {@code enricher} in meters. A changed name leaves all states
     * behind.
     *
     * @param name 1 to 249 of {@code a-z A-Z 0-9 . _ -}; {@value Enricher#DEFAULT_NAME} is that of
     *     an enricher without a name
     */
    public Builder<K, V> named(String name) {
      this.name = StoreSettings.requireName("the enricher's name", name);
      return this;
    }

    /**
     * What enriched records say as {@code key}. State is kept by the key's bytes all the same.
     *
     * @param keyText of a record's value; a null throws {@link BadRecordException}. Called by all
     *     stream threads
     */
    public Builder<K, V> keyText(Function<? super V, String> keyText) {
      Objects.requireNonNull(keyText, "keyText");
      return keyText((key, value) -> keyText.apply(value));
    }

    /**
     * What enriched records say as {@code key}, as a function of key and value: {@code (key, value)
     * -> key.customer()}.
     *
     * @param keyText a null throws {@link BadRecordException}. Called by all stream threads
     */
    public Builder<K, V> keyText(BiFunction<? super K, ? super V, String> keyText) {
      this.keyText = Objects.requireNonNull(keyText, "keyText");
      return this;
    }

    /**
     * How enriched records write the bytes of keys, in place of what follows from the keys' serde.
     * A key that is not of the encoding throws {@link BadRecordException}.
     */
    public Builder<K, V> keyEncoding(KeyEncoding keyEncoding) {
      this.keyEncoding = Objects.requireNonNull(keyEncoding, "keyEncoding");
      return this;
    }

    /**
     * How states are stored.
     *
     * @param store given the settings so far, returns those to use
     */
    public Builder<K, V> store(UnaryOperator<StoreSettings> store) {
      UnaryOperator<StoreSettings> before = this.store;
      Objects.requireNonNull(store, "store");
      this.store = settings -> store.apply(before.apply(settings));
      return this;
    }

    /** Tokens read of a record, 1 to 65,536; the rest of its text is cut off. 512 by default. */
    public Builder<K, V> maxTokens(int maxTokens) {
      settings = settings.withMaxTokens(maxTokens);
      return this;
    }

    /** How many likely next tokens enriched records list, 0 to 100. 5 by default. */
    public Builder<K, V> nextTokens(int nextTokens) {
      settings = settings.withNextTokens(nextTokens);
      return this;
    }

    /**
     * Tokens after which a record's weight in the conversation's score has halved, more than 0. 60
     * by default.
     */
    public Builder<K, V> halfLifeTokens(double halfLifeTokens) {
      settings = settings.withHalfLifeTokens(halfLifeTokens);
      return this;
    }

    /**
     * Size of the largest enriched record, in bytes, at least 1. A larger one throws {@link
     * BadRecordException} before it changes the key's state. No limit by default: the producer's
     * {@code max.request.size} is a good one.
     */
    public Builder<K, V> maxRecordBytes(int maxRecordBytes) {
      settings = settings.withMaxRecordBytes(maxRecordBytes);
      return this;
    }

    /**
     * What is computed at once, where there is a {@link #lookAhead look-ahead}.
     *
     * @param records at most, 1 to 1,024; 32 by default
     * @param tokens at most, unless it is one record; 1 to 1,048,576; 4,096 by default
     */
    public Builder<K, V> batch(int records, int tokens) {
      settings = settings.withBatch(records, tokens);
      return this;
    }

    /** Where meters are registered. Nowhere by default. */
    public Builder<K, V> meters(MeterRegistry registry) {
      this.registry = Objects.requireNonNull(registry, "registry");
      return this;
    }

    /**
     * Computes several records at once, where they lie ahead: the same bytes sooner. For an
     * enricher right behind a source that reads values with the application's default serde ({@code
     * default.value.serde}) and uses the records' own timestamps. An application without a default
     * serde does not start; give the serde then.
     *
     * @param lookAhead the application's; its settings must pass through {@link LookAhead#addTo}
     */
    public Builder<K, V> lookAhead(LookAhead lookAhead) {
      this.lookAhead = Objects.requireNonNull(lookAhead, "lookAhead");
      this.preview = null;
      return this;
    }

    /**
     * The same for an enricher right behind a source with the keys' serde and this one: {@code
     * builder.stream(topic, Consumed.with(keySerde, valueSerde))}.
     *
     * @param lookAhead the application's; its settings must pass through {@link LookAhead#addTo}
     * @param valueSerde its deserializer serves all stream threads, and the keys' serde's does too
     */
    public Builder<K, V> lookAhead(LookAhead lookAhead, Serde<V> valueSerde) {
      return lookAhead(lookAhead, Preview.of(keySerde, valueSerde));
    }

    /**
     * The same for any place in a topology.
     *
     * @param lookAhead the application's; its settings must pass through {@link LookAhead#addTo}
     * @param preview what a polled record is when it gets to the enricher
     */
    public Builder<K, V> lookAhead(LookAhead lookAhead, Preview<K, V> preview) {
      this.lookAhead = Objects.requireNonNull(lookAhead, "lookAhead");
      this.preview = Objects.requireNonNull(preview, "preview");
      return this;
    }

    /** The enricher. */
    public Enricher<K, V> build() {
      boolean unnamed = name.equals(DEFAULT_NAME);
      StoreSettings kept = store.apply(StoreSettings.named(unnamed ? STORE : name + "-" + STORE));
      return new Enricher<>(
          name,
          new EnricherSpec<>(
              keySerde,
              model,
              sourceText(text, source),
              keyText,
              keyEncoding,
              settings.withStore(kept.name()),
              EnricherMeters.of(registry, name, model),
              unnamed ? MODEL_HEADER : MODEL_HEADER + "-" + name,
              new EnricherSpec.Changelog(),
              lookAhead == null ? null : lookAhead.polledByThread(),
              preview),
          kept);
    }

    private static <V> Function<V, SourceText> sourceText(
        Function<? super V, String> text, Function<? super V, Source> source) {
      return value -> {
        String found = text.apply(value);
        return found == null
            ? null
            : new SourceText(found, source == null ? null : source.apply(value));
      };
    }
  }
}
