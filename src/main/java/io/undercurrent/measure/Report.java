package io.undercurrent.measure;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectWriter;
import io.undercurrent.io.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * A table of figures: every row has the same columns. It is written as JSON and as text. Not
 * thread-safe.
 */
final class Report {

  /** Significant digits of percentiles. */
  static final int DIGITS = 3;

  private static final ObjectWriter JSON = Json.STRICT.writerWithDefaultPrettyPrinter();

  private final List<Map<String, Object>> rows = new ArrayList<>();

  /** Adds a row: column names and values in turn. A value that is NaN or infinite becomes null. */
  Report row(Object... namesAndValues) {
    Map<String, Object> row = new LinkedHashMap<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      Object value = namesAndValues[i + 1];
      boolean none = value instanceof Double number && !Double.isFinite(number);
      row.put((String) namesAndValues[i], none ? null : value);
    }
    rows.add(row);
    return this;
  }

  List<Map<String, Object>> rows() {
    return rows;
  }

  void write(Path file) {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Files.writeString(file, JSON.writeValueAsString(rows) + "\n");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("plain values cannot fail to be written", e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The rows that an earlier run wrote; none if the file does not exist. */
  static List<Map<String, Object>> read(Path file) {
    if (!Files.exists(file)) {
      return List.of();
    }
    try {
      return Json.STRICT.readValue(file.toFile(), new TypeReference<>() {});
    } catch (IOException e) {
      throw new MeasureException(
          file + ": must be a JSON list of figures, found: " + e.getMessage(), e);
    }
  }

  /** The rows as text, in columns with a header. */
  String table() {
    if (rows.isEmpty()) {
      return "";
    }
    List<List<String>> cells = new ArrayList<>();
    cells.add(List.copyOf(rows.get(0).keySet()));
    for (Map<String, Object> row : rows) {
      cells.add(row.values().stream().map(Report::cell).toList());
    }
    int columns = cells.get(0).size();
    StringBuilder table = new StringBuilder();
    for (List<String> line : cells) {
      for (int i = 0; i < columns; i++) {
        int width = widest(cells, i);
        table.append(i == 0 ? "" : "  ");
        table.append(String.format(i == 0 ? "%-" + width + "s" : "%" + width + "s", line.get(i)));
      }
      table.append('\n');
    }
    return table.toString();
  }

  private static int widest(List<List<String>> cells, int column) {
    return cells.stream().mapToInt(line -> line.get(column).length()).max().orElse(1);
  }

  private static String cell(Object value) {
    if (value == null) {
      return "-";
    }
    if (!(value instanceof Double number)) {
      return value.toString();
    }
    double size = Math.abs(number);
    String format = size >= 10 ? "%,.1f" : size >= 0.01 || size == 0 ? "%.3f" : "%.1e";
    return String.format(Locale.ROOT, format, number);
  }
}
