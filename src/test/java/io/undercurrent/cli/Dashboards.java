package io.undercurrent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads {@code grafana/dashboards}. */
final class Dashboards {

  static final Path FOLDER = Path.of("grafana/dashboards");

  private static final Pattern METER =
      Pattern.compile("\\b(?:undercurrent|kafka|jvm|process|system)_[a-z_]+");

  private Dashboards() {}

  /** An expression of a panel. */
  record Query(String dashboard, String panel, String legend, String expression) {}

  static List<JsonNode> all() {
    try (Stream<Path> files = Files.list(FOLDER)) {
      List<JsonNode> dashboards = new ArrayList<>();
      for (Path file : files.sorted().toList()) {
        dashboards.add(new JsonMapper().readTree(file.toFile()));
      }
      return dashboards;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** All panels, without rows. */
  static List<JsonNode> panels(JsonNode dashboard) {
    List<JsonNode> panels = new ArrayList<>();
    dashboard.path("panels").forEach(panels::add);
    panels.removeIf(panel -> panel.path("type").asText().equals("row"));
    return panels;
  }

  static List<Query> queries() {
    List<Query> queries = new ArrayList<>();
    for (JsonNode dashboard : all()) {
      for (JsonNode panel : panels(dashboard)) {
        for (JsonNode target : panel.path("targets")) {
          queries.add(
              new Query(
                  dashboard.path("title").asText(),
                  panel.path("title").asText(),
                  target.path("legendFormat").asText(),
                  target.path("expr").asText()));
        }
      }
    }
    return queries;
  }

  /** The meters that an expression reads. Histograms are without their suffix. */
  static Set<String> meters(String expression) {
    Set<String> meters = new TreeSet<>();
    Matcher matcher = METER.matcher(expression);
    while (matcher.find()) {
      meters.add(matcher.group().replaceAll("_(bucket|sum|count)$", ""));
    }
    return meters;
  }
}
