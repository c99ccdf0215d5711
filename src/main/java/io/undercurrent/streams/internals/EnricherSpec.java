package io.undercurrent.streams.internals;

import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.metrics.internals.EnricherMeters;
import io.undercurrent.model.Model;
import io.undercurrent.streams.Preview;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.kafka.common.serialization.Serde;

/**
 * All that the processors of an enricher have in common. Immutable; shared by all tasks.
 *
 * @param text a value's text and where it was read; null for a value without a text
 * @param keyText what enriched records call the key; null to write its bytes in {@code keyEncoding}
 * @param modelHeader name of the header that says the model
 * @param changelog told the name of the store's changelog, by each task that starts
 * @param lookAhead what stream threads have polled; null to compute records one by one
 * @param preview null to read polled values with the application's default serde
 */
public record EnricherSpec<K, V>(
    Serde<K> keySerde,
    Model model,
    Function<? super V, SourceText> text,
    BiFunction<? super K, ? super V, String> keyText,
    KeyEncoding keyEncoding,
    EnrichmentSettings settings,
    EnricherMeters meters,
    String modelHeader,
    Changelog changelog,
    PolledByThread lookAhead,
    Preview<K, V> preview) {

  /** The name of a store's changelog topic, once a task has found it out. Thread-safe. */
  public static final class Changelog {
    private volatile String name;

    /** The name; null before the first task of this process starts. */
    public String name() {
      return name;
    }

    void found(String name) {
      this.name = name;
    }
  }
}
