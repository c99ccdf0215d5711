package io.undercurrent.cli;

import io.undercurrent.broker.EmbeddedBroker;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** The broker of {@code bench}: runs until its standard input ends. */
@Command(
    name = "bench-broker",
    hidden = true,
    description = "The broker of a measurement; bench starts it.",
    footer = {"", "Example:", "  ./undercurrent bench-broker /tmp/broker"})
final class BenchBrokerCommand implements Callable<Integer> {

  @Parameters(paramLabel = "DIR", description = "Where topics go.")
  private Path folder;

  @Override
  public Integer call() throws IOException {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder)) {
      System.out.println("ready " + broker.bootstrapServers());
      System.in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return 0;
  }
}
