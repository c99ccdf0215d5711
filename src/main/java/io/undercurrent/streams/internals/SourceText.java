package io.undercurrent.streams.internals;

import io.undercurrent.enrich.Source;
import java.util.Objects;

/**
 * The text of a record and where the record was read. Carries the place across a repartition.
 *
 * @param text all of it; limits apply when it is enriched
 */
public record SourceText(String text, Source source) {

  public SourceText {
    Objects.requireNonNull(text, "text");
  }
}
