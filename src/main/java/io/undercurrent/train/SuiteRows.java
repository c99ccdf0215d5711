package io.undercurrent.train;

import io.undercurrent.model.Labels;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Reads the resources of the suites: lines of {@code #}, then column names, then rows of TSV. */
final class SuiteRows {

  /**
   * A conversation whose last turn is labelled.
   *
   * @param label index in {@link Labels#SENTIMENT}
   * @param turns at least one
   */
  record Conversation(String family, int label, List<String> turns) {

    Conversation {
      turns = List.copyOf(turns);
    }

    String last() {
      return turns.get(turns.size() - 1);
    }
  }

  private SuiteRows() {}

  /** The rows of a resource beside this class. */
  static List<String[]> read(String resource) {
    try (InputStream in = SuiteRows.class.getResourceAsStream(resource);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      return lines
          .lines()
          .filter(line -> !line.startsWith("#"))
          .skip(1) // the column names
          .map(line -> line.split("\t", -1))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + resource, e);
    }
  }

  /** The rows of a resource whose columns are family, label and turns. */
  static List<Conversation> conversations(String resource) {
    return read(resource).stream()
        .map(
            row ->
                new Conversation(
                    row[0], Labels.SENTIMENT.indexOf(row[1]), List.of(row).subList(2, row.length)))
        .toList();
  }
}
