package io.undercurrent.measure;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What the application does in one measurement. Immutable.
 *
 * @param name {@code pass-through}, {@code store} (reads and writes a state of the model's size for
 *     every record) or {@code enrich}
 * @param guarantee Kafka's {@code processing.guarantee}
 * @param batch records computed in one batch; 1 computes each record alone
 * @param threads stream threads
 */
record Case(String name, String guarantee, int batch, int threads) {

  static final String PASS_THROUGH = "pass-through";
  static final String STORE = "store";
  static final String ENRICH = "enrich";
  static final String EXACTLY_ONCE = "exactly_once_v2";
  static final String AT_LEAST_ONCE = "at_least_once";

  /**
   * The command that starts the application. It reads topic {@code from} and writes topic {@code
   * to}.
   */
  List<String> command(
      String id, String bootstrapServers, String from, String to, Path stateDir, String model) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "bench-app",
                "--case=" + name,
                "--id=" + id,
                "--bootstrap-server=" + bootstrapServers,
                "--from=" + from,
                "--to=" + to,
                "--state-dir=" + stateDir,
                "--guarantee=" + guarantee,
                "--batch=" + batch,
                "--threads=" + threads));
    if (model != null) {
      command.add("--model=" + model);
    }
    return command;
  }

  @Override
  public String toString() {
    return name
        + (name.equals(ENRICH) ? ", batch " + batch : "")
        + ", "
        + guarantee
        + (threads == 1 ? "" : ", " + threads + " threads");
  }
}
