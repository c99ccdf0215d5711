package io.undercurrent.cli;

import io.undercurrent.checkpoint.CheckpointException;
import io.undercurrent.train.RecipeException;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.ScopeType;

/** {@code ./undercurrent}: picks the command and turns what goes wrong into one line. */
@Command(
    name = "undercurrent",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Main.Version.class,
    description = "Recurrent networks over live Kafka streams: hidden state per key, exactly once.",
    subcommands = {EnrichCommand.class, TrainCommand.class, EvaluateCommand.class})
public final class Main implements Runnable {

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      description = "Show stack traces of errors.")
  private boolean verbose;

  private Main() {}

  /** Runs one command and exits with its code: 0 for success, 1 for failure, 2 for bad usage. */
  public static void main(String[] args) {
    Main main = new Main();
    int code =
        new CommandLine(main)
            .setExecutionExceptionHandler(main::explain)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(args);
    System.exit(code);
  }

  @Override
  public void run() {
    throw new ParameterException(new CommandLine(this), "name a command; --help lists them");
  }

  private int explain(Exception e, CommandLine command, ParseResult result) {
    if (verbose) {
      e.printStackTrace();
    }
    boolean known = e instanceof CheckpointException || e instanceof RecipeException;
    String message = e.getMessage() == null || !known ? e.toString() : e.getMessage();
    System.err.println("undercurrent: " + message);
    return 1;
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
