package io.undercurrent.query;

import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichmentSettings;
import io.undercurrent.model.Model;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.UnknownStateStoreException;

/**
 * Asks a running application about its keys. {@code Enricher.queries} makes one:
 *
 * <pre>{@code
 * KeyQueries<String> queries = enricher.queries(streams);
 * double mood = queries.find("order-1187").map(key -> key.conversation().score()).orElse(0.0);
 * }</pre>
 *
 * <p>It looks into the local stores only: a key is found on the instance that reads its partition.
 * Which one that is says {@code KafkaStreams.queryMetadataForKey(enricher.storeName(), key,
 * serializer)}, if the instances have an {@code application.server}; how to reach it is up to the
 * application.
 *
 * <p>A state is read as the processor left it, up to a commit interval before it is committed.
 * Asking changes nothing. Thread-safe; next words are computed for one caller at a time. No
 * argument may be null.
 *
 * @param <K> type of the keys
 */
public final class KeyQueries<K> {

  private final KafkaStreams streams;
  private final Serde<K> keySerde;
  private final Supplier<String> topic;
  private final Model model;
  private final EnrichmentSettings settings;
  private final LocalStates states;
  private OnDemand network; // made when it is first needed; guarded by this

  /**
   * @param keySerde of the enricher
   * @param topic that keys are serialised for
   * @param settings of the enricher, the name of its store among them
   */
  public KeyQueries(
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

  /**
   * What is known of a key, without its next words.
   *
   * @return empty if this instance has no state of the key: no record of it was read here, it was
   *     forgotten, it belongs to another instance, or another model made its state
   * @throws NotAvailableException while states cannot be read here: before the start, while they
   *     are being restored or moved, after the end, and where this instance has no partition at all
   * @throws IllegalStateException if the application's topology does not use the enricher
   */
  public Optional<KeyView> find(K key) {
    return find(key, 0);
  }

  /**
   * The same with the words that the network expects next.
   *
   * @param next how many, 0 to {@value OnDemand#MAX_NEXT}
   */
  public Optional<KeyView> find(K key, int next) {
    if (next < 0 || next > OnDemand.MAX_NEXT) {
      throw new IllegalArgumentException(
          "next must be 0 to %d, found %d".formatted(OnDemand.MAX_NEXT, next));
    }
    byte[] bytes = keySerde.serializer().serialize(topic.get(), Objects.requireNonNull(key, "key"));
    try {
      StoredKey stored = states.read(streams, null, bytes, null);
      return Optional.of(
          new KeyView(
              stored.conversation(),
              stored.lastTimestampMs(),
              next == 0 ? List.of() : next(stored, next)));
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
