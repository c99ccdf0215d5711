package io.undercurrent.train;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The rows of a file whose values have names, from first to last. */
interface Rows {

  /**
   * One row.
   *
   * @param place file and line, counted from 1, for messages
   * @param values of the columns asked for, all of them
   */
  record Row(String place, int line, Map<String, String> values) {

    String value(String column) {
      return values.get(column);
    }
  }

  /**
   * Which columns are asked for.
   *
   * @param texts those of {@code all} that hold text, not names or numbers of something
   */
  record Columns(Set<String> all, Set<String> texts) {

    static Columns of(Recipe.Source source) {
      Set<String> texts = new HashSet<>(source.text());
      texts.add(source.mask());
      Set<String> all = new HashSet<>(texts);
      all.add(source.label());
      all.add(source.conversation());
      all.add(source.document());
      texts.remove(null);
      all.remove(null);
      return new Columns(all, texts);
    }
  }

  /**
   * The next row, or null after the last.
   *
   * @throws RecipeException if a row does not have the columns asked for
   */
  Row next() throws IOException;

  /** Opens the rows of a source, in its format. */
  static Rows of(Recipe.Source source, Path file, BufferedReader lines) throws IOException {
    Columns columns = Columns.of(source);
    return source.format().equals("tsv")
        ? new TsvRows(file, lines, columns)
        : new JsonRows(file, lines, columns);
  }

  static String place(Path file, int line) {
    return file + ": row " + line;
  }

  /** What was found may be anything, and is quoted in one line. */
  static String shortened(String found) {
    String line = found.replaceAll("[\\s\\p{Cntrl}]+", " ");
    return line.length() <= 200 ? line : line.substring(0, 200) + "...";
  }
}
