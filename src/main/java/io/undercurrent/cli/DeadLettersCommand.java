package io.undercurrent.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code dead-letters}: reads a topology's dead letters and sends their records again. */
@Command(
    name = "dead-letters",
    description = {
      "List a topology's dead letters, show one, and send their records again.",
      "",
      "A dead letter is a record that could not be used. Its place is PARTITION/OFFSET in the"
          + " dead-letter topic."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent dead-letters list --since 6h",
      "  ./undercurrent dead-letters show 0/17",
      "  ./undercurrent dead-letters replay --reason too-large --dry-run"
    },
    subcommands = {
      DeadLettersListCommand.class,
      DeadLettersShowCommand.class,
      DeadLettersReplayCommand.class
    })
final class DeadLettersCommand implements Runnable {

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new ParameterException(
        spec.commandLine(), "list, show or replay must be given, found none: --help says more");
  }
}
