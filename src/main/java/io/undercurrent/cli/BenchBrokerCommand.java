package io.undercurrent.cli;

import io.undercurrent.broker.EmbeddedBroker;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code bench-broker}: the broker that {@code bench} uses. Runs until its standard input ends. */
@Command(
    name = "bench-broker",
    hidden = true,
    description = "Run the broker of a measurement; bench starts this command.",
    footer = {"", "Example:", "  ./undercurrent bench-broker /tmp/broker"})
final class BenchBrokerCommand implements Callable<Integer> {

  @Parameters(paramLabel = "DIR", description = "The folder of the topics.")
  private Path folder;

  @Override
  public Integer call() throws IOException {
    BrokerLibraries.require("bench-broker");
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder)) {
      System.out.println("ready " + broker.bootstrapServers());
      System.in.transferTo(OutputStream.nullOutputStream());
    }
    return 0;
  }
}
