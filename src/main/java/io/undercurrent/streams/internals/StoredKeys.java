package io.undercurrent.streams.internals;

import io.undercurrent.inference.KeyState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.state.ReadOnlyKeyValueStore;

/**
 * Reads what is stored for a key: its state, and its memory if the model has one. Thread-safe if
 * the stores are.
 */
public final class StoredKeys {

  private final KeyStateFormat format;
  private final MemoryFormat memoryFormat;
  private final KeyState fresh;
  private final ReadOnlyKeyValueStore<Bytes, byte[]> states;
  private final ReadOnlyKeyValueStore<Bytes, byte[]> memories;
  private final OnBroken onBroken;

  /** Decides what happens to a key whose stored state or memory is broken. */
  @FunctionalInterface
  interface OnBroken {

    /**
     * Returns if the key is to start again; throws an exception otherwise.
     *
     * @param why what is wrong
     */
    void accept(Bytes key, StateFormatException why);
  }

  /**
   * What is stored for a key.
   *
   * @param bytes the stored state; null if there is none
   * @param state the decoded state; a fresh one if none is stored or if another model made it
   * @param foreign whether another model made the stored state
   * @param unreadable numbers of the stored memory entries that are not in the state's memory:
   *     another model made them, they belong to records after the state, or the key starts again
   * @param broken what is wrong with the stored state or memory, because of which the key starts
   *     again; null if they are intact
   */
  public record Found(
      byte[] bytes, KeyState state, boolean foreign, List<Long> unreadable, String broken) {}

  /** A reader of one model's states. Call {@link #in} to set the stores. */
  public StoredKeys(Model model) {
    this(
        new KeyStateFormat(model),
        new MemoryFormat(model),
        KeyState.fresh(model),
        null,
        null,
        StoredKeys::fail);
  }

  private StoredKeys(
      KeyStateFormat format,
      MemoryFormat memoryFormat,
      KeyState fresh,
      ReadOnlyKeyValueStore<Bytes, byte[]> states,
      ReadOnlyKeyValueStore<Bytes, byte[]> memories,
      OnBroken onBroken) {
    this.format = format;
    this.memoryFormat = memoryFormat;
    this.fresh = fresh;
    this.states = states;
    this.memories = memories;
    this.onBroken = onBroken;
  }

  private static void fail(Bytes key, StateFormatException why) {
    throw why;
  }

  /**
   * The same reader with these stores.
   *
   * @param memories null for a model that never looks back
   */
  public StoredKeys in(
      ReadOnlyKeyValueStore<Bytes, byte[]> states, ReadOnlyKeyValueStore<Bytes, byte[]> memories) {
    return new StoredKeys(format, memoryFormat, fresh, states, memories, onBroken);
  }

  /** The same reader, which does this with broken keys instead of throwing the exception. */
  StoredKeys onBroken(OnBroken then) {
    return new StoredKeys(format, memoryFormat, fresh, states, memories, then);
  }

  /** The stored state of a key, which must not be changed; null if there is none. */
  byte[] bytes(Bytes key) {
    return states.get(key);
  }

  /**
   * Reads a key.
   *
   * @throws StateFormatException if the stored bytes are broken, unless {@link #onBroken} was set
   * @throws NewerStateException if a later version wrote them
   */
  public Found find(Bytes key) {
    byte[] bytes = states.get(key);
    SortedMap<Long, byte[]> entries =
        memories == null ? Collections.emptySortedMap() : MemoryStore.entries(memories, key);
    try {
      return read(bytes, entries);
    } catch (StateFormatException e) {
      onBroken.accept(key, e);
      return new Found(bytes, fresh, false, List.copyOf(entries.keySet()), e.getMessage());
    }
  }

  private Found read(byte[] bytes, SortedMap<Long, byte[]> entries) {
    KeyState known = bytes == null ? null : format.deserialize(bytes).orElse(null);
    boolean foreign = bytes != null && known == null;
    KeyState state = known == null ? fresh : known;
    if (entries.isEmpty()) {
      return new Found(bytes, state, foreign, List.of(), null);
    }
    // A query may find entries of records that were stored after it read the state.
    for (Map.Entry<Long, byte[]> entry : entries.headMap(state.records() + 1).entrySet()) {
      memoryFormat.deserialize(entry.getKey(), entry.getValue()).ifPresent(state.memory()::append);
    }
    List<Long> unreadable = new ArrayList<>(entries.keySet());
    state.memory().entries().forEach(entry -> unreadable.remove(entry.record()));
    return new Found(bytes, state, foreign, Collections.unmodifiableList(unreadable), null);
  }

  /** The bytes to store for a state. */
  byte[] serialize(KeyState state) {
    return format.serialize(state);
  }

  /** The bytes to store for an entry of a key's memory. */
  byte[] serialize(Memory.Entry entry) {
    return memoryFormat.serialize(entry);
  }
}
