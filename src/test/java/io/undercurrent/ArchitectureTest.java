package io.undercurrent;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import com.tngtech.archunit.library.Architectures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Which package may use which, and what is public. */
class ArchitectureTest {

  static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("io.undercurrent");

  private static final Path SOURCES = Path.of("src", "main", "java", "io", "undercurrent");

  /** Each package, and the packages that it may use. */
  private static final Map<String, List<String>> MAY_USE =
      Map.ofEntries(
          entry("io"),
          entry("kernel"),
          entry("text", "io"),
          entry("model", "kernel", "text"),
          entry("checkpoint", "io", "kernel", "text", "model"),
          entry("interop", "io", "text", "model", "checkpoint"),
          entry("metrics"),
          entry("metrics.internals", "kernel", "model", "metrics"),
          entry("enrich", "io", "text", "metrics"),
          entry("inference", "kernel", "text", "model", "enrich", "metrics"),
          entry(
              "streams",
              "query.internals",
              "inference",
              "model",
              "enrich",
              "metrics",
              "metrics.internals",
              "query",
              "streams.internals"),
          entry(
              "streams.internals",
              "kernel",
              "text",
              "model",
              "inference",
              "enrich",
              "metrics",
              "metrics.internals",
              "streams"),
          entry("query", "enrich"),
          entry(
              "query.internals",
              "text",
              "model",
              "inference",
              "enrich",
              "query",
              "streams.internals"),
          entry("config", "io", "model", "inference"),
          entry("broker"),
          entry("chart", "io"),
          entry(
              "app",
              "inference",
              "io",
              "kernel",
              "text",
              "model",
              "enrich",
              "streams",
              "streams.internals",
              "query",
              "query.internals",
              "metrics",
              "metrics.internals",
              "config"),
          entry("app.checks", "app", "config", "io", "model"),
          entry(
              "serve",
              "app.checks",
              "inference",
              "io",
              "model",
              "enrich",
              "query",
              "query.internals",
              "app",
              "streams",
              "metrics",
              "config"),
          entry("train", "io", "kernel", "text", "model", "checkpoint", "inference", "chart"),
          entry("measure", "io", "kernel", "text", "model", "inference", "streams.internals"),
          entry(
              "cli",
              "io",
              "kernel",
              "text",
              "model",
              "checkpoint",
              "inference",
              "enrich",
              "streams",
              "streams.internals",
              "query",
              "query.internals",
              "app",
              "app.checks",
              "serve",
              "metrics",
              "metrics.internals",
              "config",
              "broker",
              "interop",
              "train",
              "chart",
              "measure"));

  /** What the library's jar has; the app's jar has the other packages. */
  static final Set<String> LIBRARY =
      Set.of(
          "io",
          "kernel",
          "text",
          "model",
          "checkpoint",
          "inference",
          "enrich",
          "streams",
          "streams.internals",
          "query",
          "query.internals",
          "metrics",
          "metrics.internals");

  /** Packages of which embedders should use nothing. {@link ApiTest} has the API. */
  private static final Set<String> INTERNAL =
      Set.of("io", "kernel", "text", "model", "inference", "config");

  private static final String INTERNAL_SENTENCE = "Internal: may change without notice";

  /** Public although no other package uses it, each with its reason. */
  private static final Set<String> PUBLIC_ON_THEIR_OWN =
      Set.of(
          "io.undercurrent.cli.Main", // the JVM starts it
          "io.undercurrent.cli.OutOfMemory", // Logback makes one
          "io.undercurrent.chart.Picture", // others use it as a type argument only
          "io.undercurrent.app.MissingTimestamps"); // Kafka makes one of its name

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
    assertThat(CLASSES.stream().map(JavaClass::getPackageName).collect(Collectors.toSet()))
        .as("a package without a rule")
        .isEqualTo(
            MAY_USE.keySet().stream()
                .map(name -> "io.undercurrent." + name)
                .collect(Collectors.toSet()));
  }

  @Test
  void shouldUseNothingOfTheAppInTheLibrary() {
    for (String user : LIBRARY) {
      assertThat(LIBRARY).as(user).containsAll(MAY_USE.get(user));
    }
  }

  @Test
  void shouldSayOfInternalPackagesThatTheyAreInternal() throws IOException {
    Set<String> internals =
        MAY_USE.keySet().stream()
            .filter(name -> name.endsWith(".internals"))
            .collect(Collectors.toCollection(TreeSet::new));
    internals.addAll(INTERNAL);
    for (String name : internals) {
      Path info = SOURCES.resolve(name.replace('.', '/')).resolve("package-info.java");
      assertThat(Files.readString(info).replaceAll("\\s+\\*?\\s*", " "))
          .as(info.toString())
          .contains(INTERNAL_SENTENCE);
    }
  }

  @Test
  void shouldBePublicOnlyForOtherPackages() {
    JavaClasses withTests = new ClassFileImporter().importPackages("io.undercurrent");
    List<String> unused = new ArrayList<>();
    for (JavaClass each : CLASSES) {
      if (each.isTopLevelClass()
          && each.getModifiers().contains(JavaModifier.PUBLIC)
          && !each.isAssignableTo(Throwable.class)
          && ApiTest.API.stream().noneMatch(type -> type.getName().equals(each.getName()))
          && !usedElsewhere(each.getName(), withTests)) {
        unused.add(each.getName());
      }
    }
    assertThat(unused).as("public, but no other package uses it").isSubsetOf(PUBLIC_ON_THEIR_OWN);
  }

  private static boolean usedElsewhere(String name, JavaClasses classes) {
    String ofPackage = classes.get(name).getPackageName();
    return classes.stream()
        .filter(each -> each.getName().equals(name) || each.getName().startsWith(name + "$"))
        .flatMap(each -> each.getDirectDependenciesToSelf().stream())
        .anyMatch(use -> !use.getOriginClass().getPackageName().equals(ofPackage));
  }

  /** A class named in a string is a use that no other test here sees. */
  @Test
  void shouldNameNoClassOfAnotherPackageInAString() throws IOException {
    Pattern named = Pattern.compile("\"(io\\.undercurrent(\\.[a-z]\\w*)+)\\.[A-Z]\\w*");
    List<String> found = new ArrayList<>();
    try (Stream<Path> sources = Files.walk(SOURCES)) {
      for (Path source : sources.filter(path -> path.toString().endsWith(".java")).toList()) {
        String own =
            "io.undercurrent."
                + SOURCES.relativize(source.getParent()).toString().replace('/', '.');
        Matcher matcher = named.matcher(Files.readString(source));
        while (matcher.find()) {
          if (!matcher.group(1).equals(own)) {
            found.add(source + ": " + matcher.group());
          }
        }
      }
    }
    assertThat(found).isEmpty();
  }

  @Test
  void shouldNeedKafkaOnlyWhereRecordsFlow() {
    onlyIn(
        "org.apache.kafka..",
        "streams",
        "streams.internals",
        "query",
        "query.internals",
        "app",
        "app.checks",
        "broker",
        "config",
        "measure",
        "cli");
    onlyIn(
        "io.micrometer..",
        "metrics.internals",
        "streams",
        "streams.internals",
        "app",
        "serve",
        "cli");
    onlyIn("io.javalin..", "serve");
    onlyIn("picocli..", "cli");
    onlyIn("org.knowm..", "chart");
    onlyIn("java.awt..", "chart");
    onlyIn("javax.imageio..", "chart");
    onlyIn("kafka..", "broker");
  }

  @Test
  void shouldUseNd4jForImportsAlone() {
    onlyIn("org.nd4j..", "interop");
    assertThat(
            CLASSES.that(resideInAPackage("io.undercurrent.interop")).stream()
                .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
                .map(dependency -> dependency.getTargetClass().getPackageName()))
        .as("packages that interop uses: the rule must be about something")
        .anyMatch(name -> name.startsWith("org.nd4j."));
  }

  @Test
  void shouldLeaveNativeLibrariesToNd4j() {
    onlyIn("org.bytedeco..");
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
