package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.metrics.internals.MeterCatalogue;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DescribeCommandTest {

  @TempDir private Path folder;
  private String model;
  private String looking;

  @BeforeEach
  void writeModels() throws IOException {
    model = SmallModel.write(folder.resolve("model")).toString();
    looking = SmallModel.writeLooking(folder.resolve("looking")).toString();
  }

  /** Exit code and output, or errors. */
  private static String describe(String... arguments) {
    List<String> all = new ArrayList<>(List.of("describe"));
    all.addAll(List.of(arguments));
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine()
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(all.toArray(String[]::new));
    return exit + " " + out + err;
  }

  @ParameterizedTest
  @CsvSource({
    "enrich.yaml, enrich.txt, false",
    "enrich.yaml, enrich-with-memory.txt, true",
    "enrich-by-field.yaml, enrich-by-field.txt, false"
  })
  void shouldPrintATopologyAsKafkaStreamsDescribesIt(
      String definition, String golden, boolean looks) throws IOException {
    String printed =
        describe(
            "topology", "--topology", "topology/" + definition, "--model", looks ? looking : model);
    assertThat(printed)
        .startsWith("0 Topology enrich")
        .contains(Files.readString(Path.of("topology", golden)).strip());
  }

  @Test
  void shouldPrintEverySettingWithTypeDefaultAndValidValues() throws IOException {
    String printed = describe("settings");
    assertThat(printed)
        .startsWith("0 Settings")
        .contains(
            "\nundercurrent.max.tokens\n  int, default 512, 1 to 65536; importance medium\n"
                + "  Tokens read from a record; text beyond this limit is ignored.\n",
            "boolean, default true, true or false;",
            "double, default 60.0, more than 0;",
            "short, default -1, -1 or at least 1;",
            "string, default 127.0.0.1, not empty;")
        .doesNotContain("Lambda")
        .doesNotContain("Topologies:");
    for (String line : Files.readAllLines(Path.of("config", "streams.properties"))) {
      if (line.matches("#?undercurrent\\..*=.*")) {
        assertThat(printed).contains("\n" + line.replaceAll("#|=.*", "") + "\n");
      }
    }
  }

  @Test
  void shouldPrintEveryMeterWithUnitTagsAndMeaning() {
    String printed = describe("meters");
    for (MeterCatalogue.Entry meter : MeterCatalogue.own()) {
      assertThat(printed)
          .contains(
              "\n" + meter.name() + "\n  " + meter.type(), "\n  " + meter.description() + "\n");
    }
    assertThat(printed)
        .contains(
            "\nundercurrent_sentiment_records_total\n  counter, records, by enricher, label\n"
                + "  Records by sentiment\n",
            "Meters of Kafka and the JVM");
  }

  @Test
  void shouldPrintAllUnlessSomeAreChosen() {
    assertThat(describe("--model", model)).contains("Topologies:", "\nSettings", "\nMeters");
    assertThat(describe("METERS", "topology", "--model", model))
        .contains("Topologies:", "\nMeters")
        .doesNotContain("Settings");
  }

  @Test
  void shouldDrawATopologyAsMermaid() {
    assertThat(
            describe(
                "--format",
                "mermaid",
                "--model",
                looking,
                "--topology",
                "topology/enrich-by-field.yaml"))
        .startsWith("0 flowchart TB\n")
        .contains(
            "subgraph g1[\"sub-topology 1\"]",
            "[/\"chat-events\"/]",
            "[(\"hidden-state-memory\")]",
            " --> ",
            " -.-> ",
            " <--> ");
  }

  @Test
  void shouldDrawTheChartThatTheDocumentationShows() throws IOException {
    String chart =
        describe(
            "--format", "MERMAID", "--model", model, "--topology", "topology/enrich-by-field.yaml");
    assertThat(Files.readString(Path.of("docs", "design.md")))
        .contains("```mermaid\n" + chart.substring("0 ".length()) + "```");
  }

  @Test
  void shouldWriteIntoAFile() throws IOException {
    Path file = folder.resolve("topology.mmd");
    assertThat(
            describe(
                "topology", "--format", "mermaid", "--model", looking, "--out", file.toString()))
        .isEqualTo("0 ");
    assertThat(file)
        .content()
        .startsWith("flowchart TB\n")
        .contains("[(\"hidden-state-memory\")]", "[/\"messages-dead-letters\"/]");
  }

  @Test
  void shouldSayWhatCannotBeDescribed() {
    assertThat(describe("settings", "--format", "mermaid"))
        .startsWith("2 --format mermaid must be used with topology only, found [settings]");
    assertThat(describe("topology", "--format", "svg"))
        .startsWith("2 Invalid value for option '--format'")
        .contains("expected one of [TEXT, MERMAID] (case-insensitive) but was 'svg'");
    assertThat(describe("lag"))
        .startsWith("2 Invalid value for positional parameter")
        .contains("expected one of [TOPOLOGY, SETTINGS, METERS] (case-insensitive) but was 'lag'");
    assertThat(describe("--topology", "none.yaml"))
        .startsWith("1 error: none.yaml: must be a file that can be read, found no such file");
    assertThat(
            describe("--model", model, "--out", folder.resolve("none").resolve("a.txt").toString()))
        .startsWith("1 error: " + folder.resolve("none") + ": must be an existing folder");
  }
}
