package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.app.checks.ChecksFailedException;
import io.undercurrent.train.RecipeException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/**
 * Reports a failed command in one line, or a recipe's errors and failed checks in one line each.
 * With {@code --verbose} the stack trace follows.
 */
final class OneLineErrors implements IExecutionExceptionHandler {

  /** The option of every command that shows stack traces. */
  static final String VERBOSE = "--verbose";

  @Override
  public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
    boolean verbose = isVerbose(parsed);
    List<String> errors =
        failure instanceof RecipeException || failure instanceof ChecksFailedException
            ? failure.getMessage().lines().toList()
            : List.of(line(failure, verbose));
    for (String error : errors) {
      command.getErr().println(command.getColorScheme().errorText("error: " + error));
    }
    if (verbose) {
      failure.printStackTrace(command.getErr());
    }
    return command.getCommandSpec().exitCodeOnExecutionException();
  }

  /** The failure in one line. */
  static String line(Exception failure, boolean verbose) {
    String message = explain(failure);
    if (message != null && !message.isBlank() && !isBug(failure)) {
      return message.strip().lines().findFirst().orElse("");
    }
    return AppException.oneLine(failure)
        + " (a bug of this program"
        + (verbose ? "" : ": " + VERBOSE + " shows where")
        + ")";
  }

  /** Whether the exception can only come from a bug of this program. */
  private static boolean isBug(Exception failure) {
    return failure instanceof NullPointerException
        || failure instanceof IndexOutOfBoundsException
        || failure instanceof ClassCastException
        || failure instanceof ArithmeticException
        || failure instanceof UnsupportedOperationException;
  }

  /** Java's file errors name the file only; this adds what is wrong with it. */
  private static String explain(Exception failure) {
    if (failure instanceof NoSuchFileException e) {
      return e.getFile() + ": must exist, found no such file";
    }
    if (failure instanceof AccessDeniedException e) {
      return e.getFile() + ": must be accessible, found permission denied";
    }
    if (failure instanceof FileSystemException e && e.getReason() == null) {
      return e.getFile() + ": cannot be used: " + e.getClass().getSimpleName();
    }
    return failure.getMessage();
  }

  private static boolean isVerbose(ParseResult parsed) {
    for (ParseResult level = parsed;
        level != null;
        level = level.hasSubcommand() ? level.subcommand() : null) {
      if (level.hasMatchedOption(VERBOSE)) {
        return true;
      }
    }
    return false;
  }
}
