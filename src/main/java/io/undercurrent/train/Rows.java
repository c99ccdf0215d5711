package io.undercurrent.train;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** Reads the rows of a file with named columns, from first to last. Owned by one thread. */
interface Rows {

  /**
   * One row.
   *
   * @param location file and line, counted from 1, for error messages
   * @param values of all required columns
   */
  record Row(String location, int line, Map<String, String> values) {

    String value(String column) {
      return values.get(column);
    }
  }

  /**
   * The required columns.
   *
   * @param texts those of {@code all} that hold text; the others hold labels, names or numbers
   * @param optional those of {@code all} whose value may be null, which is read as empty
   */
  record Columns(Set<String> all, Set<String> texts, Set<String> optional) {

    Columns(Set<String> all, Set<String> texts) {
      this(all, texts, Set.of());
    }

    static Columns of(Recipe.Source source) {
      Set<String> texts = new HashSet<>(source.text());
      texts.add(source.mask());
      Set<String> all = new HashSet<>(texts);
      all.add(source.label());
      all.add(source.conversation());
      all.add(source.document());
      all.addAll(source.where().keySet());
      texts.remove(null);
      all.remove(null);
      Set<String> optional = new HashSet<>();
      if (source.probabilities() != null) {
        optional.addAll(source.probabilities().values());
        all.addAll(optional);
      }
      return new Columns(all, texts, optional);
    }
  }

  /**
   * The next row, or null after the last.
   *
   * @throws RecipeException if a row does not have the required columns
   */
  Row next() throws IOException;

  /** Opens the rows of a source in its format, which must be one with columns. */
  static Rows of(Recipe.Source source, Path file, BufferedReader lines) throws IOException {
    Columns columns = Columns.of(source);
    return source.format().equals("tsv")
        ? new TsvRows(file, lines, columns)
        : new JsonRows(file, lines, columns);
  }

  static String location(Path file, int line) {
    return file + ": row " + line;
  }

  /** A text from a file as an error message quotes it: one line of at most 200 characters. */
  static String shortened(String found) {
    String line = found.replaceAll("[\\s\\p{Cntrl}]+", " ");
    return line.length() <= 200 ? line : line.substring(0, 200) + "...";
  }
}
