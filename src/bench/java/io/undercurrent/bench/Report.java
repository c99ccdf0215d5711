package io.undercurrent.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.undercurrent.kernel.Kernels;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Writes a benchmark's results to {@code target/bench}: a list of records as JSON, and a table as
 * Markdown under a line with machine and JDK. Prints the table too.
 */
public final class Report {

  private static final Path FOLDER = Path.of("target", "bench");
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private final String name;
  private final List<String> lines = new ArrayList<>();

  /**
   * @param name of the files
   * @param title of the table
   */
  public Report(String name, String title) {
    this.name = name;
    lines.add("## " + title);
    lines.add("");
    lines.add(machine() + (Alternation.QUICK ? "; bench.quick: these times mean nothing" : ""));
    lines.add("");
  }

  /** Sets the table's columns. */
  public void columns(String... cells) {
    row((Object[]) cells);
    lines.add("|" + " --- |".repeat(cells.length));
  }

  /** Adds a row; numbers are written with three digits. */
  public void row(Object... cells) {
    List<String> texts = new ArrayList<>();
    for (Object cell : cells) {
      texts.add(cell instanceof Double d ? number(d) : String.valueOf(cell));
    }
    lines.add(texts.stream().collect(Collectors.joining(" | ", "| ", " |")));
  }

  private static String number(double d) {
    if (Double.isNaN(d)) {
      return "";
    }
    int decimals = d == 0 ? 0 : (int) Math.max(0, 2 - Math.floor(Math.log10(Math.abs(d))));
    return ("%,." + decimals + "f").formatted(d);
  }

  /** Adds a line under the table. */
  public void note(String text) {
    lines.add("");
    lines.add(text);
  }

  /**
   * Writes both files and prints the table.
   *
   * @param results records; their components become the fields of JSON objects
   */
  public void write(List<? extends Record> results) throws IOException {
    Files.createDirectories(FOLDER);
    Files.writeString(file(".json"), JSON.writeValueAsString(results) + "\n");
    Files.write(file(".md"), lines);
    System.out.println();
    lines.forEach(System.out::println);
    System.out.println();
  }

  /** The path of a file of this report. */
  public Path file(String ending) {
    return FOLDER.resolve(name + ending);
  }

  private static String machine() {
    return "%s, %d cores, Linux %s; JDK %s (%s); kernels %s"
        .formatted(
            processor(),
            Runtime.getRuntime().availableProcessors(),
            System.getProperty("os.arch"),
            System.getProperty("java.version"),
            System.getProperty("java.vendor"),
            Kernels.best().name());
  }

  private static String processor() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("model name"))
          .findFirst()
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .orElse("unknown processor");
    } catch (IOException e) {
      return "unknown processor";
    }
  }
}
