package io.undercurrent.app;

import io.undercurrent.enrich.Source;
import java.util.Objects;

/**
 * The text of a record together with its source, which it carries across a repartition topic.
 *
 * @param text the whole text, never null; the limit of tokens applies when it is enriched
 * @param source the position that the text was first read from; null to use the record's own
 * @param raw the record that the text was read from, for a dead letter behind the repartition
 *     topic. Null if it is not carried; always null behind the repartition topic
 */
record TextAndSource(String text, Source source, Raw raw) {

  /**
   * A record as it was read.
   *
   * @param key may be null
   * @param value never null
   */
  record Raw(byte[] key, byte[] value) {}

  TextAndSource {
    Objects.requireNonNull(text, "text");
  }

  TextAndSource(String text, Source source) {
    this(text, source, null);
  }
}
