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
import io.undercurrent.streams.internals.LetterHeaders;
import io.undercurrent.streams.internals.Repairs;
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
 * Adds the enrichment to any Kafka Streams topology. It brings its own state store, and a second
 * one for a model with attention or a cache.
 *
 * <pre>{@code
 * Enricher<String, Ticket> enricher =
 *     Enricher.builder(Serdes.String(), model).text(Ticket::body).build();
 *
 * stream.processValues(enricher.fixedKey(), Named.as("enrich"))   // KStream<String, Enriched<Ticket>>
 * stream.process(enricher.supplier(), Named.as("enrich"))         // KStream<String, EnrichedRecord>
 * }</pre>
 *
 * <p>{@link #fixedKey} keeps the key and the value, so a join, a window or a table behind it needs
 * no repartition topic. {@link #supplier} returns the enriched record alone. Kafka Streams assumes
 * that {@code process} changes the key, so a join or a window behind it needs a repartition topic.
 *
 * <p><b>Input.</b> The stream must be partitioned by key. A null value deletes its key's state and
 * is forwarded as null. A null key or a value without a text throws {@link BadRecordException};
 * {@link DeadLetterHandler} can send such records to a topic. Headers are forwarded, and {@link
 * #modelHeader} is added.
 *
 * <p><b>Using an enricher twice.</b> An enricher has one state for each key. Two {@code process} or
 * {@code processValues} calls with the same enricher in one topology share that state: a record of
 * either stream changes it for both. Kafka Streams then runs both in the same tasks. The topics
 * must be co-partitioned, as for a join, but Kafka Streams does not check it here. A record that
 * passes through both is read twice. To keep states apart, build two enrichers with different names
 * ({@link Builder#named}). Kafka Streams refuses two enrichers with the same name in one topology
 * ("A different StateStore has already been added").
 *
 * <p><b>The field {@code key} in JSON</b> is written by one rule for all records of an enricher:
 *
 * <ul>
 *   <li>the text from {@link Builder#keyText}, if it is set ({@code "keyEncoding":"custom"});
 *   <li>otherwise the key's bytes in {@link Builder#keyEncoding}, if it is set;
 *   <li>otherwise it depends on the serde of the keys: the text for {@code Serdes.String()} and
 *       {@code Serdes.UUID()}, the number for {@code Serdes.Long()}, {@code Integer()} and {@code
 *       Short()}, and base64 for any other.
 * </ul>
 *
 * <p>Immutable and thread-safe. One enricher can be used in several topologies of one application;
 * each task has its own processor. No argument of any method may be null.
 *
 * @param <K> type of the keys; states are stored under their serialised bytes
 * @param <V> type of the values
 */
public final class Enricher<K, V> {

  /** The default name. */
  public static final String DEFAULT_NAME = "enrich";

  private static final String STORE = "hidden-state";
  static final String MODEL_HEADER = LetterHeaders.MODEL;

  private final String name;
  private final EnricherSpec<K, V> spec;
  private final Set<StoreBuilder<?>> stores; // always the same objects, so that uses share them

  private Enricher(String name, EnricherSpec<K, V> spec, StoreSettings store) {
    this.name = name;
    this.spec = spec;
    this.stores =
        store.builders(
            spec.model().config().hasMemory() ? spec.settings().memoryStore() : null,
            spec.repairs());
  }

  /**
   * An enricher for values that are texts, with default settings and no meters.
   *
   * @param keySerde serialises the keys under which states are stored; all stream threads use its
   *     serializer
   */
  public static <K> Enricher<K, String> ofText(Serde<K> keySerde, Model model) {
    return builder(keySerde, model).build();
  }

  /**
   * A builder of an enricher. The values are texts unless {@link Builder#text} is called.
   *
   * @param keySerde serialises the keys under which states are stored; all stream threads use its
   *     serializer
   */
  public static <K> Builder<K, String> builder(Serde<K> keySerde, Model model) {
    return new Builder<>(
        Objects.requireNonNull(keySerde, "keySerde"),
        Objects.requireNonNull(model, "model"),
        text -> text);
  }

  /**
   * The processor for {@code KStream.processValues}: keeps the key, and the value with its enriched
   * record.
   */
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

  /**
   * The processor for {@code KStream.process} and {@code Topology.addProcessor}: returns the
   * enriched record alone.
   */
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
   * Answers questions about the keys of a running application.
   *
   * @param streams an application whose topology uses this enricher; it need not have started yet
   */
  public KeyQueries<K> queries(KafkaStreams streams) {
    Objects.requireNonNull(streams, "streams");
    Supplier<String> changelog =
        () -> spec.changelog().name() == null ? storeName() : spec.changelog().name();
    return new LocalKeyQueries<>(
        streams, spec.keySerde(), changelog, spec.model(), spec.settings());
  }

  /** The enricher's name; {@value #DEFAULT_NAME} if none was set. */
  public String name() {
    return name;
  }

  /** The name of its state store: {@code hidden-state}, or {@code NAME-hidden-state}. */
  public String storeName() {
    return spec.settings().store();
  }

  /**
   * The name of the header that every enriched record has: {@code undercurrent-model}, or {@code
   * undercurrent-model-NAME}. Its value is the model's {@code name@fingerprint}, UTF-8.
   */
  public String modelHeader() {
    return spec.modelHeader();
  }

  /**
   * Builds an {@link Enricher}. Every method changes the builder and returns it, except {@link
   * #text}: it returns a new builder, for values of another type. An argument out of range throws
   * {@link IllegalArgumentException}; its message names the setting, the expectation and the
   * finding. Not thread-safe.
   *
   * @param <K> type of the keys
   * @param <V> type of the values
   */
  public static final class Builder<K, V> {

    private final Serde<K> keySerde;
    private final Model model;
    private final Function<? super V, String> text;
    private String name = DEFAULT_NAME;
    private Function<? super V, Source> source; // null to use the record's own position
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
     * Sets how the text of a value is read. Call it before {@link #source}, {@link #keyText} and
     * {@link #lookAhead}.
     *
     * @param text returns the text of a value, which is never null; if it returns null, the record
     *     throws {@link BadRecordException}. Called by all stream threads. The compiler infers the
     *     type of the values from a method reference such as {@code Ticket::body}; a lambda must
     *     name it: {@code (Ticket ticket) -> ticket.body()}
     * @param <T> type of the stream's values
     */
    public <T> Builder<K, T> text(Function<? super T, String> text) {
      Objects.requireNonNull(text, "text");
      if (source != null || keyText != null || lookAhead != null) {
        throw new IllegalStateException(
            "text() must be called before source(), keyText() and lookAhead(), which depend on the"
                + " type of the values; found it called after one of them");
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
     * Sets how the source of a value is read, for values that carry it. Behind a repartition topic,
     * enriched records then name the topic that the text came from. The timestamp is taken from the
     * source too.
     *
     * @param source returns the source of a value; null to use the record's own position and
     *     timestamp. Called by all stream threads
     */
    public Builder<K, V> source(Function<? super V, Source> source) {
      this.source = Objects.requireNonNull(source, "source");
      return this;
    }

    /**
     * Sets the name, which distinguishes two enrichers in one application. It is part of the names
     * of the store ({@code NAME-hidden-state}), of its changelog topic and of the model's header
     * ({@code undercurrent-model-NAME}), and the value of the tag {@code enricher} of meters. After
     * a change all keys start without a state.
     *
     * @param name 1 to 249 of {@code a-z A-Z 0-9 . _ -}; {@value Enricher#DEFAULT_NAME} is the same
     *     as no name
     */
    public Builder<K, V> named(String name) {
      this.name = StoreSettings.requireName("the enricher's name", name);
      return this;
    }

    /**
     * Sets the text that enriched records show as {@code key}. States are still stored under the
     * key's bytes. Give an overloaded method such as {@code String::valueOf} as a lambda: the
     * compiler cannot tell this method from the next with it.
     *
     * @param keyText returns the text for a value; if it returns null, the record throws {@link
     *     BadRecordException}. Called by all stream threads
     */
    public Builder<K, V> keyText(Function<? super V, String> keyText) {
      Objects.requireNonNull(keyText, "keyText");
      return keyText((key, value) -> keyText.apply(value));
    }

    /**
     * Sets the text that enriched records show as {@code key}, as a function of key and value:
     * {@code (key, value) -> key.customer()}.
     *
     * @param keyText returns the text; if it returns null, the record throws {@link
     *     BadRecordException}. Called by all stream threads
     */
    public Builder<K, V> keyText(BiFunction<? super K, ? super V, String> keyText) {
      this.keyText = Objects.requireNonNull(keyText, "keyText");
      return this;
    }

    /**
     * Sets how enriched records show the bytes of keys. The default depends on the keys' serde. A
     * key that does not fit the encoding throws {@link BadRecordException}.
     */
    public Builder<K, V> keyEncoding(KeyEncoding keyEncoding) {
      this.keyEncoding = Objects.requireNonNull(keyEncoding, "keyEncoding");
      return this;
    }

    /**
     * Sets how states are stored.
     *
     * @param store receives the settings so far and returns the settings to use
     */
    public Builder<K, V> store(UnaryOperator<StoreSettings> store) {
      UnaryOperator<StoreSettings> before = this.store;
      Objects.requireNonNull(store, "store");
      this.store = settings -> store.apply(before.apply(settings));
      return this;
    }

    /**
     * Sets the maximum number of tokens read from a record, 1 to 65,536; the rest of its text is
     * cut off. 512 by default.
     */
    public Builder<K, V> maxTokens(int maxTokens) {
      settings = settings.withMaxTokens(maxTokens);
      return this;
    }

    /** Sets the number of likely next tokens in an enriched record, 0 to 100. 5 by default. */
    public Builder<K, V> nextTokens(int nextTokens) {
      settings = settings.withNextTokens(nextTokens);
      return this;
    }

    /**
     * Sets the number of tokens after which a record's weight in the conversation's score has
     * halved, more than 0. 60 by default.
     */
    public Builder<K, V> halfLifeTokens(double halfLifeTokens) {
      settings = settings.withHalfLifeTokens(halfLifeTokens);
      return this;
    }

    /**
     * Sets the maximum size of an enriched record in bytes, at least 1. A larger one throws {@link
     * BadRecordException} before the key's state changes. There is no limit by default; the
     * producer's {@code max.request.size} is a good value.
     */
    public Builder<K, V> maxRecordBytes(int maxRecordBytes) {
      settings = settings.withMaxRecordBytes(maxRecordBytes);
      return this;
    }

    /**
     * Sets the size of a batch, for a {@link #lookAhead look-ahead}.
     *
     * @param records the maximum number of records, 1 to 1,024; 32 by default
     * @param tokens the maximum number of tokens, 1 to 1,048,576; a single record may have more.
     *     4,096 by default
     */
    public Builder<K, V> batch(int records, int tokens) {
      settings = settings.withBatch(records, tokens);
      return this;
    }

    /** Sets the registry for the meters. By default there are no meters. */
    public Builder<K, V> meters(MeterRegistry registry) {
      this.registry = Objects.requireNonNull(registry, "registry");
      return this;
    }

    /**
     * Computes several polled records at once, which is faster and gives the same bytes. Use this
     * method for an enricher directly behind a source that reads values with the application's
     * default serde ({@code default.value.serde}) and uses the records' own timestamps. Without a
     * default serde the application does not start; pass the serde then.
     *
     * @param lookAhead the application's look-ahead; the application's configuration must pass
     *     through {@link LookAhead#addTo}
     */
    public Builder<K, V> lookAhead(LookAhead lookAhead) {
      this.lookAhead = Objects.requireNonNull(lookAhead, "lookAhead");
      this.preview = null;
      return this;
    }

    /**
     * The same for an enricher directly behind a source with the keys' serde and this one: {@code
     * builder.stream(topic, Consumed.with(keySerde, valueSerde))}.
     *
     * @param lookAhead the application's look-ahead; the application's configuration must pass
     *     through {@link LookAhead#addTo}
     * @param valueSerde the source's serde of values; all stream threads use the deserializers of
     *     both serdes
     */
    public Builder<K, V> lookAhead(LookAhead lookAhead, Serde<V> valueSerde) {
      return lookAhead(lookAhead, Preview.of(keySerde, valueSerde));
    }

    /**
     * The same for an enricher anywhere in a topology.
     *
     * @param lookAhead the application's look-ahead; the application's configuration must pass
     *     through {@link LookAhead#addTo}
     * @param preview predicts the record that the enricher will receive for a polled one
     */
    public Builder<K, V> lookAhead(LookAhead lookAhead, Preview<K, V> preview) {
      this.lookAhead = Objects.requireNonNull(lookAhead, "lookAhead");
      this.preview = Objects.requireNonNull(preview, "preview");
      return this;
    }

    /** Builds the enricher. */
    public Enricher<K, V> build() {
      boolean unnamed = name.equals(DEFAULT_NAME);
      StoreSettings kept = store.apply(StoreSettings.named(unnamed ? STORE : name + "-" + STORE));
      return new Enricher<>(
          name,
          new EnricherSpec<>(
              keySerde,
              model,
              text,
              source,
              keyText,
              keyEncoding,
              settings.withStore(kept.name()),
              EnricherMeters.of(registry, name, model),
              unnamed ? MODEL_HEADER : MODEL_HEADER + "-" + name,
              new EnricherSpec.Changelog(),
              new Repairs(kept.hasChangelog()),
              lookAhead == null ? null : lookAhead.polledByThread(),
              preview),
          kept);
    }
  }
}
