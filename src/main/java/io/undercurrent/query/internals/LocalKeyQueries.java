package io.undercurrent.query.internals;

import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.query.KeyQueries;
import io.undercurrent.query.KeyView;
import io.undercurrent.query.NotAvailableException;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.UnknownStateStoreException;

/** Finds keys in the stores of this instance. Thread-safe. */
public final class LocalKeyQueries<K> implements KeyQueries<K> {

  private final KafkaStreams streams;
  private final Serde<K> keySerde;
  private final Supplier<String> topic;
  private final Model model;
  private final EnrichmentSettings settings;
  private final LocalStates states;
  private OnDemand network; // created at its first use; guarded by this

  /**
   * @param keySerde the enricher's serde of keys
   * @param topic returns the topic for which keys are serialised
   * @param settings the enricher's settings, with the name of its store
   */
  public LocalKeyQueries(
      KafkaStreams streams,
      Serde<K> keySerde,
      Supplier<String> topic,
      Model model,
      EnrichmentSettings settings) {
    this.streams = streams;
    this.keySerde = keySerde;
    this.topic = topic;
    this.model = model;
    this.settings = settings;
    states = new LocalStates(model, settings);
  }

  @Override
  public Optional<KeyView> find(K key, int next) {
    if (next < 0 || next > OnDemand.MAX_NEXT) {
      throw new IllegalArgumentException(
          "next must be 0 to %d, found %d".formatted(OnDemand.MAX_NEXT, next));
    }
    byte[] bytes = keySerde.serializer().serialize(topic.get(), Objects.requireNonNull(key, "key"));
    Optional<StoredKey> stored = read(bytes);
    return stored.map(
        found ->
            new KeyView(
                found.conversation(),
                found.lastTimestampMs(),
                next == 0 ? List.of() : next(found, next)));
  }

  private Optional<StoredKey> read(byte[] key) {
    try {
      return Optional.of(states.read(streams, null, key, null));
    } catch (UnknownKeyException e) {
      return Optional.empty();
    } catch (UnknownStateStoreException e) {
      throw new IllegalStateException(
          "the topology must use this enricher, found no store " + settings.store(), e);
    } catch (StreamsException | IllegalStateException e) {
      throw new NotAvailableException(
          "states cannot be read now: Kafka Streams is %s (%s)"
              .formatted(streams.state(), e.getMessage()),
          e);
    }
  }

  private synchronized List<NextToken> next(StoredKey stored, int next) {
    if (network == null) {
      network = new OnDemand(model, settings);
    }
    return network.next(stored, "", next);
  }
}
