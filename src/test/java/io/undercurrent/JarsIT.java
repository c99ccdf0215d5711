package io.undercurrent;

import static org.assertj.core.api.Assertions.assertThat;

import com.example.host.HostApp;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.undercurrent.cli.Main;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarFile;
import java.util.spi.ToolProvider;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The jars as they are built: what is in which, and what the library does in somebody's JVM. */
@Timeout(120)
class JarsIT {

  private static final Path CLASSES = Path.of("target", "classes");
  private static final Path TEST_CLASSES = Path.of("target", "test-classes");
  private static final Path LIBRARY = Path.of("target", "undercurrent.jar");
  private static final Path APP = Path.of("target", "undercurrent-app.jar");
  private static final Path JAVADOC = Path.of("target", "undercurrent-javadoc.jar");
  private static final Path SOURCES = Path.of("target", "undercurrent-sources.jar");
  private static final Path DEPENDENCIES = Path.of("target", "dependencies.json");

  private static final Set<String> BROKER =
      Set.of("kafka_2.13", "kafka-metadata", "kafka-raft", "kafka-server", "kafka-server-common");

  private static final String TEXT = "not bad at all";

  @TempDir private Path folder;

  @Test
  void shouldPutEachClassIntoExactlyOneJar() throws IOException {
    List<String> packed = new ArrayList<>();
    packed.addAll(files(LIBRARY, ".class"));
    packed.addAll(files(APP, ".class"));
    try (Stream<Path> compiled = Files.walk(CLASSES)) {
      assertThat(packed)
          .containsExactlyInAnyOrderElementsOf(
              compiled
                  .map(path -> CLASSES.relativize(path).toString())
                  .filter(path -> path.endsWith(".class"))
                  .toList());
    }
  }

  @Test
  void shouldHaveOnlyTheLibrarysPackagesAndTheModelInTheLibrary() throws IOException {
    assertThat(packages(files(LIBRARY, ".class")))
        .containsExactlyInAnyOrderElementsOf(
            ArchitectureTest.LIBRARY.stream()
                .map(name -> "io.undercurrent." + name)
                .collect(Collectors.toSet()));
    assertThat(files(LIBRARY, ""))
        .contains("models/en-chat/model.safetensors", "topology/enriched-record.schema.json")
        .noneMatch(
            path ->
                path.endsWith("logback.xml") || path.endsWith(".yaml") || path.contains("demo"));
    assertThat(files(APP, "")).doesNotContain("logback.xml").noneMatch(p -> p.contains("models/"));
  }

  /** {@code jdeps} names every class that the library refers to and its class path lacks. */
  @Test
  void shouldReferToNothingThatAnEmbedderDoesNotGet() throws IOException {
    StringWriter missing = new StringWriter();
    int exit =
        ToolProvider.findFirst("jdeps")
            .orElseThrow()
            .run(
                new PrintWriter(missing),
                new PrintWriter(missing),
                "--multi-release",
                "17",
                "--add-modules",
                "jdk.incubator.vector",
                "--missing-deps",
                "-cp",
                joined(embeddersLibraries()),
                LIBRARY.toString());
    assertThat(exit).as(missing.toString()).isZero();
    assertThat(missing.toString().lines().filter(line -> line.contains("io.undercurrent")))
        .isEmpty();
  }

  @Test
  void shouldEnrichInATopologyWithNothingButTheLibrary() throws Exception {
    List<Path> classPath = new ArrayList<>(embeddersLibraries());
    classPath.add(LIBRARY);
    Ran ran = host(classPath);
    assertThat(ran.exit).as(ran.err).isZero();
    assertThat(ran.out)
        .startsWith(
            "{\"key\":\"a\",\"text\":\"" + TEXT + "\",\"sentiment\":{\"label\":\"positive\"")
        .contains("\"model\":{\"name\":\"en-chat\"");
  }

  @Test
  void shouldLeaveTheHostsLoggingAlone() throws Exception {
    Path configuration = hostsLogging().getParent();
    List<Path> classPath = new ArrayList<>();
    classPath.add(APP); // first: whatever it has at its root would be taken
    classPath.add(LIBRARY);
    classPath.add(configuration);
    classPath.addAll(embeddersLibraries());
    classPath.add(onTestClassPath("logback-classic-"));
    classPath.add(onTestClassPath("logback-core-"));
    Ran ran = host(classPath);
    assertThat(ran.exit).as(ran.err).isZero();
    assertThat(ran.out)
        .contains("HOST INFO com.example.host.HostApp a line of the host's")
        .contains("HOST DEBUG io.undercurrent.kernel.");
    assertThat(ran.out.lines().filter(line -> !line.startsWith("{")))
        .allMatch(line -> line.startsWith("HOST "));
  }

  @Test
  void shouldRunTheAppWithItsOwnLogging() throws Exception {
    Ran ran = app(List.of(), "--version");
    assertThat(ran.exit).as(ran.err).isZero();
    assertThat(ran.out).startsWith("undercurrent ").doesNotContain("not packaged");

    Path log = folder.resolve("app.log");
    List<String> toFile = List.of("-Dundercurrent.log.to=file", "-Dundercurrent.log.file=" + log);
    ran = app(toFile, "enrich");
    assertThat(ran.exit).as(ran.err).isZero();
    assertThat(ran.out).startsWith("{\"key\":\"a\"").hasLineCount(1);
    assertThat(log).exists();
  }

  @Test
  void shouldLetTheUserChooseTheAppsLogging() throws Exception {
    Ran ran = app(List.of("-Dlogback.configurationFile=" + hostsLogging()), "enrich");
    assertThat(ran.exit).as(ran.err).isZero();
    assertThat(ran.out).contains("HOST DEBUG io.undercurrent.kernel.");
  }

  /** pom.xml lists what the image lacks: what the broker needs and nothing else does. */
  @Test
  void shouldLeaveTheBrokerAndNothingElseOutOfTheImage() throws IOException {
    String image =
        Files.readString(Path.of("pom.xml"))
            .replaceFirst("(?s).*<excludeArtifactIds>(.*?)</excludeArtifactIds>.*", "$1");
    Set<String> brokers = new TreeSet<>();
    Set<String> others = new TreeSet<>();
    for (JsonNode child : new ObjectMapper().readTree(DEPENDENCIES.toFile()).path("children")) {
      addNames(child, BROKER.contains(child.get("artifactId").asText()) ? brokers : others);
    }
    brokers.removeAll(others);

    assertThat(brokers).contains("kafka_2.13", "log4j-core");
    assertThat(image.split(","))
        .extracting(String::strip)
        .containsExactlyInAnyOrderElementsOf(brokers);
  }

  private static void addNames(JsonNode library, Set<String> names) {
    names.add(library.get("artifactId").asText());
    library.path("children").forEach(child -> addNames(child, names));
  }

  @Test
  void shouldNameBothModules() {
    assertThat(ModuleFinder.of(LIBRARY, APP).findAll().stream().map(m -> m.descriptor()))
        .extracting(ModuleDescriptor::name)
        .containsExactlyInAnyOrder("io.undercurrent", "io.undercurrent.app");
  }

  @Test
  void shouldShowNothingInternalInTheJavadoc() throws IOException {
    Set<String> documented = packages(files(JAVADOC, ".html"));
    documented.removeIf(name -> !name.startsWith("io.undercurrent."));
    assertThat(documented)
        .contains("io.undercurrent.streams", "io.undercurrent.enrich", "io.undercurrent.checkpoint")
        .noneMatch(name -> name.endsWith(".internals"))
        .allMatch(name -> ApiTest.PACKAGES.contains(name));
  }

  @Test
  void shouldHaveTheLibrarysSourcesInTheSourcesJar() throws IOException {
    assertThat(packages(files(SOURCES, ".java"))).isEqualTo(packages(files(LIBRARY, ".class")));
  }

  /** Programs that embed the library get these: its dependencies and theirs, no optional ones. */
  private static List<Path> embeddersLibraries() throws IOException {
    List<Path> libraries = new ArrayList<>();
    addChildren(new ObjectMapper().readTree(DEPENDENCIES.toFile()), libraries);
    assertThat(libraries)
        .extracting(path -> path.getFileName().toString())
        .anyMatch(name -> name.startsWith("kafka-streams-"))
        .noneMatch(name -> name.matches("(picocli|javalin|logback|snakeyaml|openblas|nd4j).*"));
    return libraries;
  }

  private static void addChildren(JsonNode parent, List<Path> libraries) {
    for (JsonNode child : parent.path("children")) {
      if (!child.get("optional").asBoolean()) {
        libraries.add(
            onTestClassPath(
                child.get("artifactId").asText() + "-" + child.get("version").asText() + ".jar"));
        addChildren(child, libraries);
      }
    }
  }

  private static Path onTestClassPath(String start) {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(Path::of)
        .filter(path -> path.getFileName().toString().startsWith(start))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + start + " on the tests' class path"));
  }

  /** A configuration of Logback's that is not ours. */
  private Path hostsLogging() throws IOException {
    return Files.writeString(
        Files.createDirectory(folder.resolve("hosts-logging")).resolve("logback.xml"),
        """
        <configuration>
          <appender name="hosts" class="ch.qos.logback.core.ConsoleAppender">
            <encoder><pattern>HOST %level %logger %msg%n</pattern></encoder>
          </appender>
          <logger name="io.undercurrent" level="DEBUG"/>
          <root level="INFO"><appender-ref ref="hosts"/></root>
        </configuration>
        """);
  }

  /** The app as the launcher starts it; one record is on standard input. */
  private Ran app(List<String> options, String... arguments)
      throws IOException, InterruptedException {
    List<Path> classPath = new ArrayList<>(List.of(LIBRARY, APP));
    String libraries = Files.readString(Path.of("target", "classpath")).strip();
    for (String library : libraries.split(File.pathSeparator)) {
      classPath.add(Path.of(library));
    }
    return java(options, classPath, Main.class.getName(), arguments);
  }

  private Ran host(List<Path> classPath) throws IOException, InterruptedException {
    Path name = Path.of(HostApp.class.getName().replace('.', '/') + ".class");
    Path copy = folder.resolve("host").resolve(name);
    Files.createDirectories(copy.getParent());
    Files.copy(TEST_CLASSES.resolve(name), copy);
    List<Path> whole = new ArrayList<>(classPath);
    whole.add(folder.resolve("host"));
    whole.add(onTestClassPath("kafka-streams-test-utils-"));
    return java(
        List.of(), whole, HostApp.class.getName(), folder.resolve("states").toString(), TEXT);
  }

  private record Ran(int exit, String out, String err) {}

  private Ran java(List<String> options, List<Path> classPath, String main, String... arguments)
      throws IOException, InterruptedException {
    Path out = Files.createTempFile(folder, "java", ".out");
    Path err = Files.createTempFile(folder, "java", ".err");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xmx512m", "-XX:TieredStopAtLevel=1"));
    command.addAll(options);
    command.addAll(List.of("-cp", joined(classPath), main));
    command.addAll(List.of(arguments));
    Path in = Files.createTempFile(folder, "java", ".in");
    Files.writeString(in, "{\"key\":\"a\",\"text\":\"" + TEXT + "\"}\n");
    Process process =
        new ProcessBuilder(command)
            .redirectInput(in.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .start();
    if (!process.waitFor(100, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
    }
    return new Ran(process.exitValue(), Files.readString(out), Files.readString(err));
  }

  private static String joined(List<Path> paths) {
    return paths.stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
  }

  private static List<String> files(Path jar, String ending) throws IOException {
    try (JarFile file = new JarFile(jar.toFile())) {
      return file.stream()
          .filter(entry -> !entry.isDirectory() && !entry.getName().startsWith("META-INF/"))
          .map(entry -> entry.getName())
          .filter(name -> name.endsWith(ending))
          .toList();
    }
  }

  private static Set<String> packages(List<String> files) {
    Set<String> names = new TreeSet<>();
    for (String file : files) {
      names.add(file.substring(0, Math.max(0, file.lastIndexOf('/'))).replace('/', '.'));
    }
    return names;
  }
}
