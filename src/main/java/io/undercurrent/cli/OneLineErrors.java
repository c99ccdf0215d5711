package io.undercurrent.cli;

import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/** Reports a failed command in one line; with {@code --verbose} its stack trace follows. */
public final class OneLineErrors implements IExecutionExceptionHandler {

  /** Option of every command that may fail. */
  static final String VERBOSE = "--verbose";

  @Override
  public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
    String message = failure.getMessage();
    String line =
        message == null || message.isBlank()
            ? failure.getClass().getSimpleName()
            : message.strip().lines().findFirst().orElse("");
    command.getErr().println(command.getColorScheme().errorText("error: " + line));
    if (isVerbose(parsed)) {
      failure.printStackTrace(command.getErr());
    }
    return command.getCommandSpec().exitCodeOnExecutionException();
  }

  private static boolean isVerbose(ParseResult parsed) {
    for (ParseResult at = parsed; at != null; at = at.hasSubcommand() ? at.subcommand() : null) {
      if (at.hasMatchedOption(VERBOSE)) {
        return true;
      }
    }
    return false;
  }
}
