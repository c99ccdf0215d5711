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
    return report(failure, command, isVerbose(parsed));
  }

  /** Reports an error of the JVM in one line, and returns the exit code. */
  static int report(Error failure, boolean verbose) {
    try {
      if (isEndOfJvm(failure)) {
        return CommandLine.ExitCode.OK;
      }
      System.err.println("error: " + line(failure, verbose));
      if (verbose) {
        failure.printStackTrace();
      }
      return exitCode(failure);
    } catch (OutOfMemoryError e) { // also here
      System.err.println("error: out of memory: set UNDERCURRENT_JAVA_OPTS=-Xmx1g");
      return OutOfMemory.EXIT_CODE;
    }
  }

  private static int report(Throwable failure, CommandLine command, boolean verbose) {
    if (isEndOfJvm(failure)) {
      return CommandLine.ExitCode.OK;
    }
    List<String> errors =
        failure instanceof RecipeException || failure instanceof ChecksFailedException
            ? failure.getMessage().lines().toList()
            : List.of(line(failure, verbose));
    for (String error : errors) {
      command.getErr().println(command.getColorScheme().errorText("error: " + Printable.of(error)));
    }
    if (verbose) {
      failure.printStackTrace(command.getErr());
    }
    return exitCode(failure);
  }

  /** The exit code of a command that failed. */
  static int exitCode(Throwable failure) {
    return OutOfMemory.in(failure) == null ? CommandLine.ExitCode.SOFTWARE : OutOfMemory.EXIT_CODE;
  }

  /**
   * Whether it failed only because a signal came while it started. The JVM then takes no more
   * shutdown hooks, and Kafka's broker has some.
   */
  private static boolean isEndOfJvm(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (Stop.requested() && "Shutdown in progress".equals(cause.getMessage())) {
        return true;
      }
    }
    return false;
  }

  /** What failed, in one line. */
  static String line(Throwable failure, boolean verbose) {
    OutOfMemoryError memory = OutOfMemory.in(failure);
    if (memory != null) {
      return OutOfMemory.line(memory);
    }
    String message = explain(failure);
    if (message != null && !message.isBlank() && !isBug(failure)) {
      return message.strip().lines().findFirst().orElse("");
    }
    return AppException.oneLine(failure)
        + " (a bug of this program"
        + (verbose ? "" : ": " + VERBOSE + " shows where")
        + ")";
  }

  /** Whether it can only come from a bug of this program. */
  private static boolean isBug(Throwable failure) {
    return failure instanceof Error
        || failure instanceof NullPointerException
        || failure instanceof IndexOutOfBoundsException
        || failure instanceof ClassCastException
        || failure instanceof ArithmeticException
        || failure instanceof UnsupportedOperationException;
  }

  /** Java's file errors name the file only; this adds what is wrong with it. */
  private static String explain(Throwable failure) {
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
