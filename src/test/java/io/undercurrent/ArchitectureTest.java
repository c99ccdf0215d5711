package io.undercurrent;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.Architectures;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which package may use which. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.undercurrent");

  /** Each package, and the packages that it may use. */
  private static final Map<String, List<String>> MAY_USE =
      Map.ofEntries(
          entry("kernel"),
          entry("text"),
          entry("model", "kernel", "text"),
          entry("checkpoint", "kernel", "text", "model"),
          entry("inference", "kernel", "text", "model"),
          entry("metrics", "kernel", "model"),
          entry("enrich", "kernel", "text", "model", "inference", "metrics", "streams.internals"),
          entry("streams", "kernel", "model", "enrich", "metrics", "streams.internals"),
          entry(
              "streams.internals",
              "kernel",
              "text",
              "model",
              "inference",
              "enrich",
              "metrics",
              "streams"),
          entry("query", "text", "model", "inference", "enrich", "streams", "streams.internals"),
          entry("config", "model", "enrich"),
          entry("broker"),
          entry("chart"),
          entry("diagram"),
          entry(
              "app",
              "kernel",
              "model",
              "enrich",
              "streams",
              "streams.internals",
              "query",
              "metrics",
              "config"),
          entry("serve", "model", "enrich", "query", "app", "streams", "metrics", "config"),
          entry("train", "kernel", "text", "model", "checkpoint", "inference", "chart"),
          entry("measure", "kernel", "text", "model", "inference", "streams.internals"),
          entry(
              "cli",
              "kernel",
              "text",
              "model",
              "checkpoint",
              "inference",
              "enrich",
              "streams",
              "streams.internals",
              "query",
              "app",
              "serve",
              "metrics",
              "config",
              "broker",
              "train",
              "chart",
              "diagram",
              "measure"));

  private static Map.Entry<String, List<String>> entry(String user, String... used) {
    return Map.entry(user, List.of(used));
  }

  @Test
  void shouldKeepPackagesApart() {
    Architectures.LayeredArchitecture layers =
        layeredArchitecture().consideringOnlyDependenciesInLayers();
    for (String name : MAY_USE.keySet()) {
      layers = layers.layer(name).definedBy("io.undercurrent." + name);
    }
    for (Map.Entry<String, List<String>> each : MAY_USE.entrySet()) {
      layers =
          each.getValue().isEmpty()
              ? layers.whereLayer(each.getKey()).mayNotAccessAnyLayer()
              : layers
                  .whereLayer(each.getKey())
                  .mayOnlyAccessLayers(each.getValue().toArray(String[]::new));
    }
    layers.check(CLASSES);
  }

  @Test
  void shouldNeedKafkaOnlyWhereRecordsFlow() {
    onlyIn(
        "org.apache.kafka..",
        "enrich",
        "streams",
        "streams.internals",
        "query",
        "app",
        "broker",
        "config",
        "measure",
        "cli");
    onlyIn("io.micrometer..", "metrics", "streams", "app", "serve", "cli");
    onlyIn("io.javalin..", "serve");
    onlyIn("picocli..", "cli");
    onlyIn("org.knowm..", "chart");
    onlyIn("java.awt..", "chart");
    onlyIn("javax.imageio..", "chart");
    onlyIn("kafka..", "broker");
    onlyIn("org.nd4j..", "kernel");
  }

  private static void onlyIn(String library, String... packages) {
    String[] allowed = new String[packages.length];
    for (int i = 0; i < packages.length; i++) {
      allowed[i] = "io.undercurrent." + packages[i];
    }
    ArchRuleDefinition.noClasses()
        .that()
        .resideOutsideOfPackages(allowed)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(library)
        .check(CLASSES);
  }
}
