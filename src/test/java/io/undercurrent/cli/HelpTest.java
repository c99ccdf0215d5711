package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;

/** Every command has a description, described options and examples. */
class HelpTest {

  private static final Pattern WORD = Pattern.compile("'([^']*)'|(\\S+)");

  static Stream<CommandSpec> commands() {
    return with(Main.commandLine()).map(CommandLine::getCommandSpec);
  }

  private static Stream<CommandLine> with(CommandLine command) {
    return Stream.concat(
        Stream.of(command), command.getSubcommands().values().stream().flatMap(HelpTest::with));
  }

  @Test
  void shouldFindAllCommands() {
    assertThat(commands().map(CommandSpec::name)).contains("undercurrent", "run", "bench-app");
  }

  @ParameterizedTest
  @MethodSource("commands")
  void shouldDescribeTheCommandAndItsOptions(CommandSpec command) {
    assertThat(String.join("", command.usageMessage().description())).isNotBlank();
    for (ArgSpec argument : command.args()) {
      assertThat(String.join("", argument.description()))
          .as(command.name() + " " + argument.paramLabel())
          .isNotBlank();
    }
  }

  /** The command can parse its own examples. */
  @ParameterizedTest
  @MethodSource("commands")
  void shouldShowAnExampleThatCanBeCalled(CommandSpec command) {
    List<String> examples =
        Arrays.stream(command.usageMessage().footer())
            .filter(line -> line.contains("./undercurrent"))
            .map(line -> line.substring(line.indexOf("./undercurrent")))
            .toList();
    assertThat(examples).as("examples in the footer of %s", command.name()).isNotEmpty();
    for (String example : examples) {
      List<String> words = words(example);
      assertThat(example).startsWith("./" + command.qualifiedName());
      assertThatCode(
              () ->
                  Main.commandLine()
                      .parseArgs(words.subList(1, words.size()).toArray(String[]::new)))
          .as(example)
          .doesNotThrowAnyException();
    }
  }

  /** Splits an example as a shell does. Only single quotes are supported. */
  private static List<String> words(String line) {
    List<String> words = new ArrayList<>();
    for (Matcher word = WORD.matcher(line); word.find(); ) {
      words.add(word.group(1) != null ? word.group(1) : word.group(2));
    }
    return words;
  }
}
