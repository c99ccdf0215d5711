package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.app.AppException;
import io.undercurrent.app.WithoutOffsets;
import io.undercurrent.model.StatePrecision;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class MainTest {

  @TempDir private Path folder;

  @Test
  void shouldSayWhatIsWrongWithAFile() {
    Path missing = folder.resolve("missing.jsonl");

    assertThat(execute("demo", "--input", missing.toString()))
        .isEqualTo("1 error: " + missing + ": must exist, found no such file\n");
  }

  @ParameterizedTest
  @ValueSource(strings = {"30", "s", "9999999h", "-1s", "1.5s"})
  void shouldRefuseInvalidTimes(String time) {
    assertThat(execute("demo", "--for", time))
        .startsWith("2 ")
        .contains("must be a number and ms, s, m or h, for example 30s, found " + time);
  }

  @Test
  void shouldAskForACommand() {
    assertThat(execute()).startsWith("2 a command must be given, found none: --help lists them");
  }

  /** The message says more than the name of an exception. */
  @Test
  void shouldSayWhichErrorsAreBugsOfTheProgram() {
    assertThat(failing(new NullPointerException("x is null")))
        .isEqualTo(
            "1 error: NullPointerException: x is null (a bug of this program: --verbose shows"
                + " where)\n");
    assertThat(failing(new IllegalStateException()))
        .startsWith("1 error: IllegalStateException (a bug of this program");
    assertThat(failing(new NullPointerException("x is null"), "--verbose"))
        .startsWith("1 error: NullPointerException: x is null (a bug of this program)\n")
        .contains("\tat ");
    assertThat(failing(new AppException("do this"))).isEqualTo("1 error: do this\n");
    assertThat(failing(new AppException("found \u001b[2J\u009b2J\u202eeman")))
        .isEqualTo("1 error: found \\u001b[2J\\u009b2J\\u202eeman\n");
  }

  private static String failing(Exception failure, String... arguments) {
    @Command
    class Failing implements Callable<Integer> {
      @Option(names = "--verbose")
      private boolean verbose;

      @Override
      public Integer call() throws Exception {
        throw failure;
      }
    }
    StringWriter err = new StringWriter();
    int exit =
        new CommandLine(new Failing())
            .setExecutionExceptionHandler(new OneLineErrors())
            .setErr(new PrintWriter(err, true))
            .execute(arguments);
    return exit + " " + err;
  }

  @Test
  void shouldTrainARecipeOrDiagnose() {
    assertThat(execute("train")).startsWith("2 ").contains("--recipe").contains("--diagnose");
    assertThat(execute("train", "--recipe", "a.yaml")).startsWith("2 ").contains("--data");
    assertThat(execute("train", "--diagnose", "--recipe", "a.yaml", "--data", "b"))
        .startsWith("2 ")
        .contains("mutually exclusive");
  }

  @Test
  void shouldReportEachErrorOfARecipeInItsOwnLine() throws IOException {
    Path recipe = folder.resolve("mine.yaml");
    Files.writeString(recipe, "train: [{file: a.tsv}]\ntraining: {epoch: 3}\nseed: x\n");

    assertThat(execute("train", "--recipe", recipe.toString(), "--data", "data"))
        .isEqualTo(
            """
            1 error: %1$s: line 2: training.epoch is not a known key; did you mean training.epochs?
            error: %1$s: line 3: seed must be a whole number, found x
            """
                .formatted(recipe));
  }

  @Test
  void shouldAcceptPrecisionsByTheNamesOfSettings() {
    for (StatePrecision precision : StatePrecision.values()) {
      var parsed =
          Main.commandLine().parseArgs("enrich", "--state-precision", precision.toString());
      StatePrecision found = parsed.subcommand().matchedOptionValue("--state-precision", null);
      assertThat(found).isEqualTo(precision);
    }
    assertThat(execute("enrich", "--state-precision", "bf16"))
        .startsWith("2 ")
        .contains("expected one of", "fp32", "fp16")
        .contains("'bf16'");
  }

  @Test
  void shouldAcceptTheChoicesThatErrorsOfRunName() {
    for (WithoutOffsets choice : WithoutOffsets.values()) {
      var parsed = Main.commandLine().parseArgs("run", "--without-offsets", choice.toString());
      WithoutOffsets found = parsed.subcommand().matchedOptionValue("--without-offsets", null);
      assertThat(found).isEqualTo(choice);
    }
    assertThat(execute("run", "--without-offsets", "none"))
        .startsWith("2 ")
        .contains("earliest", "latest");
  }

  private static String execute(String... arguments) {
    StringWriter err = new StringWriter();
    int exit = Main.commandLine().setErr(new PrintWriter(err, true)).execute(arguments);
    return exit + " " + err;
  }
}
