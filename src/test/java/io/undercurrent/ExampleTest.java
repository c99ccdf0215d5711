package io.undercurrent;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** {@code src/example}, which is a project of its own and is built by {@code mvn verify}. */
class ExampleTest {

  private static final Path EXAMPLE = Path.of("src", "example");

  @Test
  void shouldUseTheVersionThatIsBuilt() throws Exception {
    String built =
        first(
            "<artifactId>undercurrent</artifactId>\\s*<version>(.+?)</version>",
            Path.of("pom.xml"));
    assertThat(first("<undercurrent.version>(.+?)</", EXAMPLE.resolve("pom.xml"))).isEqualTo(built);
    assertThat(first("undercurrent:jar:(.+?):", EXAMPLE.resolve("README.md"))).isEqualTo(built);
  }

  private static String first(String regex, Path file) throws Exception {
    Matcher matcher = Pattern.compile(regex).matcher(Files.readString(file));
    assertThat(matcher.find()).as("%s in %s", regex, file).isTrue();
    return matcher.group(1);
  }
}
