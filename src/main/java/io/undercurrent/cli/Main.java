package io.undercurrent.cli;

import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * {@code ./undercurrent}: runs a command. Its exit code is 0 for success, 1 for failure, 2 for
 * wrong usage and 3 if the JVM is out of memory.
 */
@Command(
    name = "undercurrent",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    usageHelpAutoWidth = true,
    versionProvider = Main.Version.class,
    description =
        "Enrich live Kafka streams of text with a recurrent network that keeps a state per key.",
    footer = {
      "",
      "Examples:",
      "  ./undercurrent demo",
      "  ./undercurrent run --help",
      "",
      "Exit codes: 0 success, 1 failure, 2 wrong usage, 3 out of memory."
    },
    subcommands = {
      DemoCommand.class,
      RunCommand.class,
      PlayCommand.class,
      EnrichCommand.class,
      GenerateCommand.class,
      TrainCommand.class,
      ImportCommand.class,
      EvaluateCommand.class,
      DescribeCommand.class,
      BenchCommand.class,
      BenchBrokerCommand.class,
      BenchAppCommand.class
    })
public final class Main implements Runnable {

  /** Logback's property for its configuration file. */
  private static final String LOGGING = "logback.configurationFile";

  /**
   * Our logging configuration, on the class path. It is not at the root, where it would replace a
   * host's.
   */
  private static final String OUR_LOGGING = "io/undercurrent/cli/logback.xml";

  @Option(
      names = OneLineErrors.VERBOSE,
      scope = ScopeType.INHERIT,
      description = "Also print the stack trace of an error.")
  private boolean verbose;

  @Spec private CommandSpec spec;

  private Main() {}

  /** Runs one command and exits with its code. */
  public static void main(String[] args) {
    Stop.exit(run(args));
  }

  private static int run(String... args) {
    try {
      Stop.watch(args);
      if (System.getProperty(LOGGING) == null) { // before the first logger is made
        System.setProperty(LOGGING, OUR_LOGGING);
      }
      System.setProperty("java.awt.headless", "true"); // pictures go to files, never to a screen
      return commandLine().execute(args);
    } catch (Error e) { // picocli catches exceptions only
      return OneLineErrors.report(e, Arrays.asList(args).contains(OneLineErrors.VERBOSE));
    }
  }

  /** The command line with all commands. Errors are printed in one line. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setColorScheme(CommandLine.Help.defaultColorScheme(Terminal.ansiOfBoth()))
        .setExecutionExceptionHandler(new OneLineErrors());
  }

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "a command must be given, found none: --help lists them");
  }

  /** The version in the jar's manifest. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = Main.class.getPackage().getImplementationVersion();
      return new String[] {"undercurrent " + (version == null ? "(not packaged)" : version)};
    }
  }
}
