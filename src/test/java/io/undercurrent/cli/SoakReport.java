package io.undercurrent.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.cli.SoakPlan.Fault;
import io.undercurrent.io.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The report of a soak, {@code target/soak/report-<protocol>-<seed>.json}. */
final class SoakReport {

  private final Map<Fault, List<Double>> recoverySeconds = new TreeMap<>();

  /** Adds the time from the beginning of a fault until all records sent since are enriched. */
  void recovered(Fault fault, double seconds) {
    recoverySeconds.computeIfAbsent(fault, f -> new ArrayList<>()).add(seconds);
  }

  /**
   * Writes the report.
   *
   * @param facts what was run
   * @param differentStates entries of changelogs that differ from those of an undisturbed run
   */
  void write(
      ObjectNode facts, SoakCheck check, List<String> differentStates, SoakAnswers.Verdict queries)
      throws IOException {
    ObjectNode report = facts.deepCopy();
    report.put("lost", check.lost());
    report.put("doubled", check.doubled());
    report.put("outOfOrder", check.outOfOrder());
    report.put("diverged", check.diverged());
    report.put("differentStates", differentStates.size());
    report.set("queries", queries.json());
    ObjectNode seconds = report.putObject("recoverySeconds");
    List<Double> all = new ArrayList<>();
    recoverySeconds.forEach(
        (fault, some) -> {
          all.addAll(some);
          distribution(seconds.putObject(fault.name().toLowerCase(Locale.ROOT)), some);
        });
    distribution(seconds.putObject("all"), all);
    ArrayNode examples = report.putArray("examples");
    check.examples().forEach(examples::add);
    differentStates.stream().limit(10).forEach(examples::add);
    queries.examples().forEach(examples::add);
    Path file =
        Path.of(
            "target",
            "soak",
            "report-%s-%d.json"
                .formatted(facts.path("protocol").asText(), facts.path("seed").asLong()));
    Files.createDirectories(file.getParent());
    Files.write(file, Json.STRICT.writerWithDefaultPrettyPrinter().writeValueAsBytes(report));
    System.out.println(Files.readString(file));
  }

  private static void distribution(ObjectNode to, List<Double> seconds) {
    List<Double> sorted = seconds.stream().sorted().toList();
    to.put("count", sorted.size());
    to.put("median", rounded(sorted.get((sorted.size() - 1) / 2)));
    to.put("worst", rounded(sorted.get(sorted.size() - 1)));
    ArrayNode each = to.putArray("each");
    sorted.forEach(one -> each.add(rounded(one)));
  }

  private static double rounded(double seconds) {
    return Math.rint(seconds * 10) / 10;
  }
}
