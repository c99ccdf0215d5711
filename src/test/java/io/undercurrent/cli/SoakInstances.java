package io.undercurrent.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.kafka.common.utils.Utils;

/**
 * The instances of an application, each {@code undercurrent run} in a process of its own with a
 * folder of its own. Not thread-safe.
 */
final class SoakInstances implements AutoCloseable {

  static final int SESSION_MS = 6_000;
  static final int HEARTBEAT_MS = 1_500;
  static final int TRANSACTION_MS = 7_000;

  private static final Duration PATIENCE = Duration.ofMinutes(5);

  private final Path folder;
  private final List<String> settings;
  private final Child[] children; // null while it is not there
  private final List<Integer> ports = new ArrayList<>();
  private int kills;
  private int restarts;

  /**
   * @param settings of all instances
   * @param count of instances; none is started yet
   */
  SoakInstances(Path folder, List<String> settings, int count) {
    this.folder = folder;
    this.settings = List.copyOf(settings);
    children = new Child[count];
    for (int i = 0; i < count; i++) {
      ports.add(KafkaNodes.freePort());
    }
  }

  /** The ports at which they answer queries. */
  List<Integer> ports() {
    return List.copyOf(ports);
  }

  /** How many got a SIGKILL. */
  int kills() {
    return kills;
  }

  /** How many ended by themselves and were started again. */
  int restarts() {
    return restarts;
  }

  boolean isThere(int i) {
    return children[i] != null;
  }

  void start(int i) throws IOException {
    List<String> lines = new ArrayList<>(settings);
    lines.add("state.dir=" + state(i));
    lines.add("undercurrent.http.port=" + ports.get(i));
    lines.add("application.server=127.0.0.1:" + ports.get(i));
    Path file =
        Files.writeString(folder.resolve("soak-" + i + ".properties"), String.join("\n", lines));
    children[i] =
        Child.start(
            folder,
            "run",
            "--config",
            file.toString(),
            "--topology",
            folder.resolve("soak.yaml").toString());
  }

  private Path state(int i) {
    return folder.resolve("state-" + i);
  }

  /** Sends SIGKILL. */
  void kill(int i) throws InterruptedException {
    kills++;
    children[i].kill();
  }

  /** Sends SIGTERM and does not wait. */
  void terminate(int i) {
    children[i].terminate();
  }

  /** Stops an instance with SIGTERM, if it is there. */
  void stop(int i) throws Exception {
    if (isThere(i)) {
      children[i].terminate();
      children[i].exitCode(PATIENCE);
      children[i] = null;
    }
  }

  /** Starts an instance that is not there, stops one that is. */
  void startOrStop(int i) throws Exception {
    if (isThere(i)) {
      stop(i);
    } else {
      start(i);
    }
  }

  /** Sends SIGSTOP. */
  void pause(int i) throws Exception {
    children[i].signal("STOP");
  }

  /** Sends SIGCONT. */
  void resume(int i) throws Exception {
    children[i].signal("CONT");
  }

  /** Deletes the states of a killed instance. */
  void wipe(int i) throws IOException {
    Utils.delete(state(i).toFile());
  }

  /** Damages states of a killed instance. */
  void damage(int i, SplittableRandom random) throws IOException {
    System.out.println("soak: instance " + i + ": " + StateDamage.any(state(i), random));
  }

  /** Starts those again that have ended by themselves. */
  void restartEnded() throws Exception {
    for (int i = 0; i < children.length; i++) {
      if (isThere(i) && !children[i].isAlive()) {
        restarts++;
        System.out.printf(
            "soak: instance %d ended with %d, starting it again: %s%n",
            i, children[i].exitCode(PATIENCE), lastLines(children[i].err()));
        start(i);
      }
    }
  }

  /** What they have written to standard error, for a reader. */
  String errors() throws IOException {
    StringBuilder errors = new StringBuilder();
    for (int i = 0; i < children.length; i++) {
      if (isThere(i)) {
        errors.append("\ninstance ").append(i).append(": ").append(lastLines(children[i].err()));
      }
    }
    return errors.toString();
  }

  private static String lastLines(String err) {
    List<String> lines = err.lines().toList();
    return String.join("\n", lines.subList(Math.max(0, lines.size() - 20), lines.size()));
  }

  @Override
  public void close() {
    for (Child child : children) {
      if (child != null) {
        child.close();
      }
    }
  }
}
