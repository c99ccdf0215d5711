package io.undercurrent.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.app.StreamsApp;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.app.checks.Doctor;
import io.undercurrent.app.checks.Finding;
import io.undercurrent.app.checks.Subject;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.io.Json;
import io.undercurrent.model.Model;
import io.undercurrent.serve.HttpCheck;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code doctor}: makes the checks of {@code run} and starts nothing. */
@Command(
    name = "doctor",
    description = {
      "Check what run needs, and say what to do.",
      "",
      "Checks settings, model, state folder, ports, the connection to the brokers, rights, topics and"
          + " the group. Starts nothing and changes nothing. Prints one line for each check. The exit"
          + " code is 0 if no check failed, otherwise 1."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent doctor",
      "  ./undercurrent doctor --config config/streams.properties --json",
      "  ./undercurrent doctor --set bootstrap.servers=kafka:9092 --create-topics"
    })
final class DoctorCommand implements Callable<Integer> {

  @Mixin private AppOptions app;

  @Option(
      names = "--create-topics",
      description =
          "Check as run --create-topics does: topics may be missing if they may be created.")
  private boolean createTopics;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Spec private CommandSpec spec;

  private final List<Finding> findings = new ArrayList<>();

  @Override
  public Integer call() {
    UndercurrentConfig config = given("settings", app::config);
    TopologyDefinition definition = given("topology", app::definition);
    Model model =
        definition == null
            ? skipped("model", "the topology that names it cannot be read")
            : given("model", () -> app.model(definition, config));
    if (config != null && definition != null && model != null) {
      examine(config, definition, model);
    } else {
      skipped("brokers", "not asked, because settings, topology or model cannot be read");
    }
    if (json) {
      printJson();
    }
    return findings.stream().anyMatch(Finding::isFailure) ? 1 : 0;
  }

  private void examine(UndercurrentConfig config, TopologyDefinition definition, Model model) {
    Subject subject =
        given(
            "kafka settings",
            () -> {
              new StreamsApp(definition, config, model, new SimpleMeterRegistry()).close();
              return Subject.of(definition, config, model, createTopics, false);
            });
    if (subject == null) {
      skipped("brokers", "not asked, because the settings are not valid");
      return;
    }
    add(Doctor.look(new HttpCheck(config)));
    Doctor doctor = new Doctor(subject);
    doctor.machine(this::add);
    doctor.cluster(this::add);
  }

  /** Null if it cannot be made; the finding then says why. */
  private <T> T given(String name, Supplier<T> supplier) {
    try {
      T made = supplier.get();
      add(new Finding(name, Finding.Result.OK, "valid", ""));
      return made;
    } catch (RuntimeException e) {
      add(new Finding(name, Finding.Result.FAILED, OneLineErrors.line(e, false), ""));
      return null;
    }
  }

  private <T> T skipped(String name, String why) {
    add(new Finding(name, Finding.Result.UNKNOWN, why, ""));
    return null;
  }

  private void add(Finding finding) {
    findings.add(finding);
    if (!json) {
      PrintWriter out = spec.commandLine().getOut();
      out.printf("%-9s  %s%n", finding.result(), finding.line());
      out.flush();
    }
  }

  private void printJson() {
    ObjectNode all = Json.STRICT.createObjectNode();
    all.put("failed", findings.stream().filter(Finding::isFailure).count());
    ArrayNode checks = all.putArray("checks");
    for (Finding finding : findings) {
      checks
          .addObject()
          .put("check", finding.check())
          .put("result", finding.result().toString())
          .put("found", finding.found())
          .put("remedy", finding.remedy());
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(all.toPrettyString());
    out.flush();
  }
}
