package io.undercurrent;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import org.junit.jupiter.api.Test;

/** Which package may use which. */
class ArchitectureTest {

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.undercurrent");

  @Test
  void shouldKeepPackagesApart() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .withOptionalLayers(true)
        .layer("kernel")
        .definedBy("io.undercurrent.kernel")
        .layer("text")
        .definedBy("io.undercurrent.text")
        .layer("model")
        .definedBy("io.undercurrent.model")
        .layer("checkpoint")
        .definedBy("io.undercurrent.checkpoint")
        .layer("inference")
        .definedBy("io.undercurrent.inference")
        .layer("chart")
        .definedBy("io.undercurrent.chart")
        .layer("diagram")
        .definedBy("io.undercurrent.diagram")
        .layer("train")
        .definedBy("io.undercurrent.train")
        .layer("state")
        .definedBy("io.undercurrent.state")
        .layer("topology")
        .definedBy("io.undercurrent.topology")
        .layer("broker")
        .definedBy("io.undercurrent.broker")
        .layer("metrics")
        .definedBy("io.undercurrent.metrics")
        .layer("serve")
        .definedBy("io.undercurrent.serve")
        .layer("config")
        .definedBy("io.undercurrent.config")
        .layer("measure")
        .definedBy("io.undercurrent.measure")
        .layer("cli")
        .definedBy("io.undercurrent.cli")
        .whereLayer("kernel")
        .mayNotAccessAnyLayer()
        .whereLayer("text")
        .mayNotAccessAnyLayer()
        .whereLayer("model")
        .mayOnlyAccessLayers("kernel", "text")
        .whereLayer("checkpoint")
        .mayOnlyAccessLayers("model", "text", "kernel")
        .whereLayer("inference")
        .mayOnlyAccessLayers("text", "model", "kernel")
        .whereLayer("chart")
        .mayNotAccessAnyLayer()
        .whereLayer("diagram")
        .mayNotAccessAnyLayer()
        .whereLayer("train")
        .mayOnlyAccessLayers("inference", "checkpoint", "model", "text", "kernel", "chart")
        .whereLayer("state")
        .mayOnlyAccessLayers("model")
        .whereLayer("topology")
        .mayOnlyAccessLayers("inference", "model", "state", "metrics", "text", "kernel")
        .whereLayer("broker")
        .mayNotAccessAnyLayer()
        .whereLayer("metrics")
        .mayNotAccessAnyLayer()
        .whereLayer("serve")
        .mayOnlyAccessLayers("topology", "metrics")
        .whereLayer("config")
        .mayNotAccessAnyLayer()
        .whereLayer("measure")
        .mayOnlyAccessLayers("inference", "model", "text", "kernel", "state")
        .whereLayer("cli")
        .mayNotBeAccessedByAnyLayer()
        .check(CLASSES);
  }

  @Test
  void shouldNeedKafkaOnlyWhereRecordsFlow() {
    onlyIn("org.apache.kafka..", "state", "topology", "broker", "config", "measure", "cli");
    onlyIn("io.micrometer..", "metrics", "topology", "cli");
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
