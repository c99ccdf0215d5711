package io.undercurrent.train;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Rows of tab-separated values without quotes; the first line names the columns. */
final class TsvRows implements Rows {

  private final Path file;
  private final BufferedReader lines;
  private final List<String> header;
  private final Map<String, Integer> indexes = new HashMap<>(); // of the required columns
  private int line = 1;

  TsvRows(Path file, BufferedReader lines, Columns columns) throws IOException {
    this.file = file;
    this.lines = lines;
    String first = lines.readLine();
    if (first == null) {
      throw new RecipeException(file + ": must start with a header line, found an empty file");
    }
    header = Arrays.asList(first.split("\t", -1));
    for (String column : columns.all()) {
      int index = header.indexOf(column);
      if (index < 0) {
        throw new RecipeException(file + ": must have a column " + column + ", found " + header);
      }
      indexes.put(column, index);
    }
  }

  @Override
  public Row next() throws IOException {
    String text = lines.readLine();
    if (text == null) {
      return null;
    }
    String location = Rows.location(file, ++line);
    String[] cells = text.split("\t", -1);
    if (cells.length != header.size()) {
      throw new RecipeException(
          location + ": must have " + header.size() + " columns, found " + cells.length);
    }
    Map<String, String> values = new HashMap<>();
    indexes.forEach((column, index) -> values.put(column, cells[index]));
    return new Row(location, line, values);
  }
}
