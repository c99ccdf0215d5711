package io.undercurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleDescriptor.Version;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * No library has a version that pom.xml bans because of its known holes. The enforcer plugin reads
 * the same list, but leaves out optional dependencies and what they bring, such as the broker's.
 */
class KnownHolesTest {

  private static final Pattern BANNED =
      Pattern.compile("<exclude>([\\w.-]+):([\\w.*-]+)(?::\\(,([\\w.-]+)\\))?</exclude>");

  /**
   * @param floor the first version without the holes; null if there is none
   */
  private record Ban(String group, String artifact, String floor) {

    boolean names(Library library) {
      return group.equals(library.group)
          && (artifact.equals("*") || artifact.equals(library.artifact));
    }

    boolean forbids(Library library) {
      return names(library)
          && (floor == null || Version.parse(library.version).compareTo(Version.parse(floor)) < 0);
    }
  }

  private record Library(String group, String artifact, String version) {

    /** From a path in a local repository: {@code .../org/yaml/snakeyaml/2.5/snakeyaml-2.5.jar}. */
    static Library of(Path jar, List<Ban> bans) {
      Path artifact = jar.getParent().getParent();
      String group =
          bans.stream()
              .map(Ban::group)
              .filter(g -> artifact.getParent().endsWith(g.replace('.', File.separatorChar)))
              .findFirst()
              .orElse("");
      return new Library(
          group, artifact.getFileName().toString(), jar.getParent().getFileName().toString());
    }
  }

  @Test
  void shouldUseNoLibraryWithKnownHoles() throws IOException {
    List<Ban> bans = bans();
    List<Library> libraries = libraries(bans);

    assertThat(libraries).noneMatch(library -> bans.stream().anyMatch(ban -> ban.forbids(library)));
    assertThat(libraries)
        .as("the list's libraries are found")
        .extracting(Library::artifact)
        .contains("lz4-java", "log4j-core", "jetty-server", "snakeyaml", "commons-beanutils");
  }

  @Test
  void shouldFindALibraryBelowItsFloor() {
    Ban ban = new Ban("at.yawk.lz4", "lz4-java", "1.11.1");
    Path repository = Path.of("/m2/at/yawk/lz4/lz4-java");

    assertThat(
            ban.forbids(Library.of(repository.resolve("1.9.4/lz4-java-1.9.4.jar"), List.of(ban))))
        .isTrue();
    assertThat(
            ban.forbids(Library.of(repository.resolve("1.11.1/lz4-java-1.11.1.jar"), List.of(ban))))
        .isFalse();
  }

  private static List<Ban> bans() throws IOException {
    String list =
        Files.readString(Path.of("pom.xml"))
            .replaceFirst("(?s).*<bannedDependencies>(.*)</bannedDependencies>.*", "$1");
    List<Ban> bans =
        BANNED
            .matcher(list)
            .results()
            .map(m -> new Ban(m.group(1), m.group(2), m.group(3)))
            .toList();
    assertThat(bans).hasSize((int) Pattern.compile("<exclude>").matcher(list).results().count());
    return bans;
  }

  private static List<Library> libraries(List<Ban> bans) {
    return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
        .filter(entry -> entry.endsWith(".jar"))
        .map(Path::of)
        .filter(jar -> jar.getNameCount() > 3)
        .map(jar -> Library.of(jar, bans))
        .filter(library -> !library.group.isEmpty())
        .toList();
  }
}
