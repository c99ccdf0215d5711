package io.undercurrent.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code ./undercurrent}: picks the command and turns what goes wrong into one line. */
@Command(
    name = "undercurrent",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    usageHelpAutoWidth = true,
    versionProvider = Main.Version.class,
    description = "Recurrent networks over live Kafka streams: hidden state per key, exactly once.",
    footer = {"", "Examples:", "  ./undercurrent demo", "  ./undercurrent run --help"},
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

  /** Logback's name for the property that names its configuration. */
  private static final String LOGGING = "logback.configurationFile";

  /** Our configuration, on the class path. It isn't called logback.xml: that name is the host's. */
  private static final String OUR_LOGGING = "io/undercurrent/cli/logback.xml";

  @Option(
      names = OneLineErrors.VERBOSE,
      scope = ScopeType.INHERIT,
      description = "Show stack traces of errors.")
  private boolean verbose;

  @Spec private CommandSpec spec;

  private Main() {}

  /** Runs one command and exits with its code: 0 for success, 1 for failure, 2 for bad usage. */
  public static void main(String[] args) {
    if (System.getProperty(LOGGING) == null) { // before the first logger is made
      System.setProperty(LOGGING, OUR_LOGGING);
    }
    System.setProperty("java.awt.headless", "true"); // pictures go to files, never to a screen
    System.exit(commandLine().execute(args));
  }

  /** All commands, their errors in one line. */
  static CommandLine commandLine() {
    return new CommandLine(new Main())
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setColorScheme(CommandLine.Help.defaultColorScheme(Terminal.ansiOfBoth()))
        .setExecutionExceptionHandler(new OneLineErrors());
  }

  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "name a command; --help lists them");
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
