package io.undercurrent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.undercurrent.config.UndercurrentConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

/** The image's rights, and how the examples for Docker and Kubernetes start it. */
class DeploymentFilesTest {

  private static final String USER = "10001";
  private static final String STATES = "/var/lib/undercurrent";

  private final YAMLMapper yaml = new YAMLMapper();

  @TempDir private Path folder;

  @Test
  void shouldRunTheImageAsANumberThatIsNotRoots() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("Dockerfile"));

    assertThat(lines.subList(lines.indexOf("FROM ${BASE}"), lines.size()))
        .filteredOn(line -> line.startsWith("USER "))
        .containsExactly("USER " + USER + ":" + USER);
    assertThat(lines).contains("VOLUME " + STATES);
  }

  /** Root may read everything, so a check before USER would not see a missing right. */
  @Test
  void shouldCheckTheImageAsItsUser() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("Dockerfile"));

    assertThat(lines)
        .containsSubsequence(
            "USER " + USER + ":" + USER,
            "RUN ./undercurrent --version \\",
            " && test -r topology/enrich.yaml \\",
            " && test -r config/streams.properties");
  }

  /** Whoever wants a digest gives it: {@code --build-arg BASE=name@sha256:...}. */
  @Test
  void shouldTakeBothBaseImagesAsArguments() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("Dockerfile"));

    assertThat(lines).filteredOn(line -> line.startsWith("ARG ")).hasSize(2);
    assertThat(lines)
        .filteredOn(line -> line.startsWith("FROM "))
        .containsExactly("FROM ${BUILD} AS build", "FROM ${BASE}");
  }

  /** A variable of the image would be lost when a user sets it. */
  @Test
  void shouldLeaveTheJvmsOptionsToTheLauncher() throws IOException {
    assertThat(Path.of("Dockerfile")).content().doesNotContain("UNDERCURRENT_JAVA_OPTS");
  }

  @Test
  void shouldStartNoContainerWithRightsOfRoot() throws IOException {
    JsonNode services = merged(Path.of("docker-compose.yml")).path("services");

    assertThat(services.properties()).hasSizeGreaterThan(5);
    for (Map.Entry<String, JsonNode> service : services.properties()) {
      JsonNode s = service.getValue();
      assertThat(s.path("cap_drop").path(0).asText()).as(service.getKey()).isEqualTo("ALL");
      assertThat(s.path("security_opt").path(0).asText()).isEqualTo("no-new-privileges:true");
      String image = s.path("image").asText();
      if (image.equals("undercurrent")) {
        assertThat(s.path("read_only").asBoolean()).as(service.getKey()).isTrue();
        boolean builds = service.getKey().equals("app-1"); // the others never pull a foreign image
        assertThat(s.has("build")).as(service.getKey()).isEqualTo(builds);
        assertThat(s.path("pull_policy").asText()).isEqualTo(builds ? "build" : "never");
        assertThat(builds || s.path("depends_on").has("app-1")).as(service.getKey()).isTrue();
        assertThat(s.path("tmpfs").path(0).asText()).startsWith("/tmp:exec,");
      } else {
        assertThat(image).matches("\\$\\{[A-Z]+_IMAGE:-[a-z]+/[a-z]+:v?[0-9]+(\\.[0-9]+){2}}");
      }
    }
  }

  @Test
  void shouldConfigureKubernetesAsTheImageNeedsIt() throws IOException {
    Map<String, JsonNode> objects = kubernetes();
    JsonNode pod = objects.get("StatefulSet").at("/spec/template/spec");
    JsonNode container = pod.at("/containers/0");

    assertThat(pod.at("/securityContext/runAsUser").asText()).isEqualTo(USER);
    assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
    assertThat(pod.path("terminationGracePeriodSeconds").asInt()).isEqualTo(40);
    JsonNode rights = container.path("securityContext");
    assertThat(rights.path("readOnlyRootFilesystem").asBoolean()).isTrue();
    assertThat(rights.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
    assertThat(rights.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
    assertThat(container.at("/resources/limits/memory").asText()).isEqualTo("1536Mi");
    assertThat(container.at("/livenessProbe/httpGet/path").asText()).isEqualTo("/health/live");
    assertThat(container.at("/readinessProbe/httpGet/path").asText()).isEqualTo("/health/ready");

    List<String> volumes = pod.path("volumes").findValuesAsText("name");
    assertThat(volumes).contains("temp", "settings", "token");
    assertThat(mounts(container)).containsEntry("/tmp", "temp").containsEntry(STATES, "state");
    assertThat(mounts(container).values())
        .allMatch(name -> name.equals("state") || volumes.contains(name));
    assertThat(objects.get("StatefulSet").at("/spec/volumeClaimTemplates/0/metadata/name").asText())
        .isEqualTo("state");
    assertThat(objects.get("StatefulSet").at("/spec/serviceName"))
        .isEqualTo(objects.get("Service").at("/metadata/name"));
  }

  @Test
  void shouldGiveKubernetesValidSettings() throws IOException {
    Map<String, JsonNode> objects = kubernetes();
    JsonNode container = objects.get("StatefulSet").at("/spec/template/spec/containers/0");
    String settings = objects.get("ConfigMap").at("/data/streams.properties").asText();
    Path file = Files.writeString(folder.resolve("streams.properties"), settings);

    UndercurrentConfig config = UndercurrentConfig.load(file, Map.of());

    assertThat(settings)
        .contains("state.dir=" + STATES)
        .contains(UndercurrentConfig.HTTP_TOKEN_FILE + "=/etc/undercurrent-token/");
    assertThat(config.httpPort()).isEqualTo(port(container, "http"));
    assertThat(config.httpManagementPort()).isEqualTo(port(container, "management"));
    assertThat(objects.get("Service").at("/spec/ports/0/port").asInt())
        .isEqualTo(config.httpPort());
    assertThat(container.path("args").toString())
        .contains("\"/etc/undercurrent/streams.properties\"")
        .contains("application.server=$(POD).undercurrent:" + config.httpPort());
  }

  private Map<String, JsonNode> kubernetes() throws IOException {
    try (var objects =
        yaml.readerFor(JsonNode.class)
            .<JsonNode>readValues(Path.of("config", "kubernetes.yml").toFile())) {
      return objects.readAll().stream()
          .collect(Collectors.toMap(object -> object.path("kind").asText(), Function.identity()));
    }
  }

  private static Map<String, String> mounts(JsonNode container) {
    return container
        .path("volumeMounts")
        .valueStream()
        .collect(
            Collectors.toMap(
                mount -> mount.path("mountPath").asText(), mount -> mount.path("name").asText()));
  }

  private static int port(JsonNode container, String name) {
    return container
        .path("ports")
        .valueStream()
        .filter(port -> port.path("name").asText().equals(name))
        .mapToInt(port -> port.path("containerPort").asInt())
        .findFirst()
        .orElseThrow();
  }

  /**
   * A file of Docker Compose with its anchors and merge keys resolved, which Jackson leaves alone.
   */
  private JsonNode merged(Path file) throws IOException {
    return yaml.valueToTree(new Yaml().load(Files.readString(file)));
  }
}
