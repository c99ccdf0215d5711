package io.undercurrent.app;

import io.undercurrent.enrich.Source;
import java.util.Objects;

/**
 * The text of a record together with its source, which it carries across a repartition topic.
 *
 * @param text the whole text, never null; the limit of tokens applies when it is enriched
 * @param source the position that the text was first read from; null to use the record's own
 */
record TextAndSource(String text, Source source) {

  TextAndSource {
    Objects.requireNonNull(text, "text");
  }
}
