package io.undercurrent.streams.internals;

import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.metrics.internals.EnricherMeters;
import io.undercurrent.model.Model;
import io.undercurrent.streams.Preview;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.kafka.common.serialization.Serde;

/**
 * The configuration of an enricher that all its processors share. Immutable and thread-safe.
 *
 * @param text a value's text; null for a value without a text
 * @param source where a value was first read; null to take the record's own position
 * @param keyText returns the key as enriched records show it; null to show its bytes in {@code
 *     keyEncoding}
 * @param modelHeader name of the header that names the model
 * @param changelog receives the name of the store's changelog from each task that starts
 * @param repairs says whether broken stores are restored
 * @param lookAhead the records that stream threads have polled; null to compute records one by one
 * @param preview predicts the record that a processor receives for a polled one; null to read
 *     polled values with the application's default serde
 */
public record EnricherSpec<K, V>(
    Serde<K> keySerde,
    Model model,
    Function<? super V, String> text,
    Function<? super V, Source> source,
    BiFunction<? super K, ? super V, String> keyText,
    KeyEncoding keyEncoding,
    EnrichmentSettings settings,
    EnricherMeters meters,
    String modelHeader,
    Changelog changelog,
    Repairs repairs,
    PolledByThread lookAhead,
    Preview<K, V> preview) {

  /** Holds the name of a store's changelog topic, which the first task sets. Thread-safe. */
  public static final class Changelog {
    private volatile String name;

    /** The name; null before the first task of this process has started. */
    public String name() {
      return name;
    }

    void set(String name) {
      this.name = name;
    }
  }
}
