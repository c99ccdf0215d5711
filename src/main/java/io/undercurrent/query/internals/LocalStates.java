package io.undercurrent.query.internals;

import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.query.NotAvailableException;
import io.undercurrent.streams.internals.NewerStateException;
import io.undercurrent.streams.internals.StateFormatException;
import io.undercurrent.streams.internals.StoredKeys;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StoreQueryParameters;
import org.apache.kafka.streams.state.QueryableStoreTypes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/** Reads keys' states from the stores of this instance. Thread-safe. */
final class LocalStates {

  private final Model model;
  private final EnrichmentSettings settings;
  private final StoredKeys storedKeys;

  LocalStates(Model model, EnrichmentSettings settings) {
    this.model = model;
    this.settings = settings;
    storedKeys = new StoredKeys(model);
  }

  /**
   * The state of a key.
   *
   * @param partition the partition to read; null for all partitions of this instance
   * @param behind null to read the state itself; otherwise a standby's copy is accepted too, and
   *     this is the number of writes that it lacks
   * @throws UnknownKeyException if there is no state that this model can read
   * @throws NotAvailableException if the stored bytes are broken
   * @throws org.apache.kafka.streams.errors.StreamsException if the store cannot be read now
   */
  StoredKey read(KafkaStreams streams, Integer partition, byte[] key, Long behind) {
    boolean stale = behind != null;
    StoredKeys stored =
        storedKeys.in(
            store(streams, settings.store(), partition, stale),
            model.config().hasMemory()
                ? store(streams, settings.memoryStore(), partition, stale)
                : null);
    StoredKeys.Found found = find(stored, Bytes.wrap(key));
    if (found.bytes() == null) {
      throw UnknownKeyException.noState();
    }
    if (found.foreign()) {
      throw UnknownKeyException.ofAnotherModel();
    }
    return new StoredKey(found.state(), behind);
  }

  private static StoredKeys.Found find(StoredKeys stored, Bytes key) {
    try {
      return stored.find(key);
    } catch (StateFormatException e) {
      throw new NotAvailableException(
          "the state of the key is broken here; its next record restores it or starts it again: "
              + e.getMessage(),
          e);
    } catch (NewerStateException e) {
      throw new NotAvailableException(e.getMessage(), e);
    }
  }

  private static ReadOnlyKeyValueStore<Bytes, byte[]> store(
      KafkaStreams streams, String name, Integer partition, boolean stale) {
    StoreQueryParameters<ReadOnlyKeyValueStore<Bytes, byte[]>> parameters =
        StoreQueryParameters.fromNameAndType(
            name, QueryableStoreTypes.<Bytes, byte[]>keyValueStore());
    if (partition != null) {
      parameters = parameters.withPartition(partition);
    }
    return streams.store(stale ? parameters.enableStaleStores() : parameters);
  }
}
