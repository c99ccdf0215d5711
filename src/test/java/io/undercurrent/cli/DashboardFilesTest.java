package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.undercurrent.cli.Dashboards.Query;
import io.undercurrent.metrics.internals.MeterCatalogue;
import io.undercurrent.metrics.internals.MeterCatalogue.Entry;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Checks the files of dashboards and alerts. {@link DashboardsTest} checks what they show. */
class DashboardFilesTest {

  @Test
  void shouldHaveADescriptionUnitAndThresholdsInEveryPanel() {
    assertThat(Dashboards.all()).hasSize(2);
    for (JsonNode dashboard : Dashboards.all()) {
      Set<String> titles = new HashSet<>();
      List<JsonNode> panels = Dashboards.panels(dashboard);
      assertThat(panels).hasSizeGreaterThan(10);
      for (JsonNode panel : panels) {
        String title = panel.path("title").asText();
        assertThat(title).isNotBlank();
        assertThat(titles.add(title) || panel.path("type").asText().equals("timeseries"))
            .as(title)
            .isTrue();
        assertThat(panel.path("description").asText()).as(title).hasSizeGreaterThan(20);
        JsonNode defaults = panel.at("/fieldConfig/defaults");
        assertThat(defaults.path("unit").asText()).as(title).isNotBlank();
        assertThat(defaults.at("/thresholds/steps")).as(title).isNotEmpty();
        assertThat(panel.path("targets")).as(title).isNotEmpty();
        panel
            .path("targets")
            .forEach(
                target ->
                    assertThat(target.path("expr").asText())
                        .as(title)
                        .contains("topology=~\"$topology\", instance=~\"$instance\""));
      }
      assertThat(names(dashboard.at("/templating/list")))
          .containsExactly("topology", "instance", "enricher");
      assertThat(names(dashboard.at("/annotations/list")))
          .containsExactly("Rebalances", "Restarts");
    }
  }

  private static List<String> names(JsonNode list) {
    List<String> names = new ArrayList<>();
    list.forEach(node -> names.add(node.path("name").asText()));
    return names;
  }

  @Test
  void shouldChooseTheEnricherOfEveryMeterThatHasOne() {
    Map<String, Entry> own =
        MeterCatalogue.own().stream().collect(Collectors.toMap(Entry::name, entry -> entry));
    Pattern selector = Pattern.compile("(undercurrent_[a-z_]+)\\{([^}]*)}");
    for (Query query : Dashboards.queries()) {
      Matcher matcher = selector.matcher(query.expression());
      while (matcher.find()) {
        Entry meter = own.get(Dashboards.meters(matcher.group(1)).iterator().next());
        assertThat(matcher.group(2).contains("enricher=~\"$enricher\""))
            .as(query.panel() + ": " + matcher.group())
            .isEqualTo(meter.tags().contains("enricher"));
      }
    }
  }

  @Test
  void shouldReadOnlyMetersOfTheCatalogueAndAllBorrowedOnes() throws IOException {
    Set<String> read = new TreeSet<>();
    for (Query query : Dashboards.queries()) {
      read.addAll(Dashboards.meters(query.expression()));
    }
    for (JsonNode dashboard : Dashboards.all()) {
      dashboard
          .at("/annotations/list")
          .forEach(a -> read.addAll(Dashboards.meters(a.at("/target/expr").asText())));
    }
    for (JsonNode alert : alerts()) {
      read.addAll(Dashboards.meters(alert.path("expr").asText()));
    }
    Set<String> borrowed = namesOf(MeterCatalogue.borrowed());
    Set<String> known = new TreeSet<>(namesOf(MeterCatalogue.own()));
    known.addAll(borrowed);
    assertThat(known).containsAll(read);
    assertThat(read).containsAll(borrowed);
  }

  private static Set<String> namesOf(List<Entry> entries) {
    return entries.stream().map(Entry::name).collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void shouldUseTheProvisionedDataSource() throws IOException {
    YAMLMapper yaml = new YAMLMapper();
    JsonNode source =
        yaml.readTree(new File("grafana/provisioning/datasources/prometheus.yaml"))
            .at("/datasources/0");
    for (JsonNode dashboard : Dashboards.all()) {
      for (JsonNode uid : dashboard.findValues("datasource")) {
        assertThat(uid.path("uid").asText()).isEqualTo(source.path("uid").asText());
      }
    }
    JsonNode provider =
        yaml.readTree(new File("grafana/provisioning/dashboards/undercurrent.yaml"))
            .at("/providers/0");
    assertThat(provider.at("/options/path").asText()).isEqualTo("/var/lib/grafana/dashboards");
    assertThat(provider.path("folder").asText()).isEqualTo("Undercurrent");
  }

  @Test
  void shouldHaveASummaryAndARunbookInEveryAlert() throws IOException {
    assertThat(alerts()).hasSizeGreaterThanOrEqualTo(15);
    for (JsonNode alert : alerts()) {
      String name = alert.path("alert").asText();
      assertThat(alert.at("/annotations/runbook").asText()).as(name).hasSizeGreaterThan(50);
      assertThat(alert.at("/annotations/summary").asText()).as(name).isNotBlank();
      assertThat(anchors()).as(name).contains(alert.at("/annotations/runbook_url").asText());
      assertThat(alert.at("/labels/severity").asText()).as(name).isIn("warning", "critical");
      assertThat(Files.readString(Path.of("config/alerts.test.yml")))
          .contains("alertname: " + name);
    }
  }

  /** Addresses of the sections of docs/operating.md, as Markdown viewers make them. */
  private static List<String> anchors() throws IOException {
    return Files.readAllLines(Path.of("docs/operating.md")).stream()
        .filter(line -> line.startsWith("##"))
        .map(line -> line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT))
        .map(title -> title.replaceAll("[^a-z0-9 -]", "").replace(' ', '-'))
        .map(anchor -> "docs/operating.md#" + anchor)
        .toList();
  }

  private static List<JsonNode> alerts() throws IOException {
    List<JsonNode> alerts = new ArrayList<>();
    new YAMLMapper()
        .readTree(new File("config/alerts.yml"))
        .at("/groups/0/rules")
        .forEach(alerts::add);
    return alerts;
  }

  @Test
  @Timeout(value = 120, unit = TimeUnit.SECONDS)
  void shouldPassTheTestsOfAlerts() throws Exception {
    String promtool = PrometheusServer.program("promtool").toString();
    run(Path.of("."), promtool, "check", "config", "config/prometheus.yml");
    run(Path.of("."), promtool, "test", "rules", "config/alerts.test.yml");
  }

  /** Checked with the compiler with which Grafana checks its own dashboards. */
  @Test
  @Timeout(value = 300, unit = TimeUnit.SECONDS)
  void shouldCompileAgainstGrafanasSchema(@TempDir Path folder) throws Exception {
    if (!isThere("npm") || !isThere("node")) {
      skip("no npm here: install Node.js 18 or later to type-check the dashboards");
    }
    try (Stream<Path> files = Files.list(Path.of("grafana/check"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Output installed = output(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund");
    if (installed.exit != 0) {
      skip("npm ci does not get @grafana/schema to type-check the dashboards: " + installed.text);
    }
    run(folder, "node", "check.mjs", Dashboards.FOLDER.toAbsolutePath().toString());

    Path wrong = Files.createDirectory(folder.resolve("wrong"));
    String dashboard = Files.readString(Dashboards.FOLDER.resolve("language.json"));
    Files.writeString(
        wrong.resolve("wrong.json"),
        dashboard.replaceFirst("\"colorMode\"", "\"colourMode\"").replace("absolute", "absolut"));
    Output output = output(folder, "node", "check.mjs", "wrong");
    assertThat(output.exit).isNotZero();
    assertThat(output.text)
        .contains("'\"colourMode\"' does not exist", "'\"absolut\"' is not assignable");
  }

  private static void skip(String why) {
    if (Boolean.getBoolean("npm.required")) {
      throw new AssertionError(why);
    }
    Assumptions.abort(why);
  }

  private static boolean isThere(String program) {
    return Stream.of(System.getenv("PATH").split(File.pathSeparator))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
  }

  private record Output(int exit, String text) {}

  private static void run(Path folder, String... command) throws Exception {
    Output output = output(folder, command);
    assertThat(output.exit).as(String.join(" ", command) + ":\n" + output.text).isZero();
  }

  private static Output output(Path folder, String... command) throws Exception {
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String text = new String(process.getInputStream().readAllBytes());
    return new Output(process.waitFor(), text);
  }
}
