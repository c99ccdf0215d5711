package io.undercurrent.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.io.AtomicFile;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * What an instance knows about the folder of its states: a name of its own, the cluster that the
 * states belong to, the settings that they were made with, and when they were last complete. It is
 * kept as {@value #FILE} in the application's folder under {@code state.dir}.
 *
 * <p>The name is the instance's {@code group.instance.id}. An instance that is killed and started
 * again on the same folder gets its partitions back at once. Without the name, Kafka would wait for
 * the end of the dead member's session (45 s). Thread-safe.
 */
final class StateFolder {

  static final String FILE = "undercurrent.json";

  private static final String INSTANCE = "instance";
  private static final String CLUSTER = "cluster";
  private static final String RUNS = "runs";
  private static final String COMPLETE_MS = "completeMs";

  /** The name of a task's folder: its sub-topology and its partition. */
  private static final String TASK = "\\d+_\\d+";

  private final Path file;
  private final String instance;
  private final ObjectNode content; // guarded by this

  /**
   * Reads what is known about a folder.
   *
   * @param folder the application's folder, {@code state.dir/application.id}; may be missing
   * @throws AppException if the file cannot be read
   */
  StateFolder(Path folder) {
    file = folder.resolve(FILE);
    content = read(file);
    instance = content.path(INSTANCE).asText(UUID.randomUUID().toString());
    content.put(INSTANCE, instance);
  }

  private static ObjectNode read(Path file) {
    if (!Files.exists(file)) {
      return Json.STRICT.createObjectNode();
    }
    try {
      JsonNode found = Json.parse(Files.readAllBytes(file));
      if (found instanceof ObjectNode object) {
        return object;
      }
      throw new MalformedJsonException("must be an object, found " + Json.found(found));
    } catch (IOException | MalformedJsonException e) {
      throw new AppException(
          "%s cannot be read: %s. Delete the folder %s; its states are restored from the changelog"
              .formatted(file, e.getMessage(), file.getParent()),
          e);
    }
  }

  /** The name of the instance, the same at each start once the folder was taken. */
  String instanceName() {
    return instance;
  }

  /**
   * Takes the folder for the states of an application on this cluster, and keeps the name.
   *
   * @throws AppException if the states belong to another cluster, or the file cannot be written
   */
  synchronized void take(String clusterId) {
    String cluster = content.path(CLUSTER).textValue(); // null before the first start
    if (cluster != null && !cluster.equals(clusterId)) {
      throw new AppException(
          "the states in %s belong to the Kafka cluster %s, found cluster %s: set another state.dir, or delete that folder if the other cluster is gone"
              .formatted(file.getParent(), cluster, clusterId));
    }
    if (cluster == null) {
      content.put(CLUSTER, clusterId);
      write();
    }
  }

  /** What the instance ran that used the folder last; empty if that is not known. */
  synchronized Optional<RunIdentity> runs() {
    return Optional.ofNullable(content.get(RUNS)).map(RunIdentity::from);
  }

  /**
   * Keeps what the instance runs.
   *
   * @throws AppException if the file cannot be written
   */
  synchronized void keep(RunIdentity identity) {
    ObjectNode runs = Json.STRICT.createObjectNode();
    identity.addTo(runs);
    if (!runs.equals(content.get(RUNS))) {
      content.set(RUNS, runs);
      write();
    }
  }

  /**
   * Keeps that the states contain everything that their changelogs had at this time.
   *
   * @throws AppException if the file cannot be written
   */
  synchronized void completeAt(Instant time) {
    content.put(COMPLETE_MS, time.toEpochMilli());
    write();
  }

  /**
   * When the states were last known to be complete. If an earlier version has not kept that, when a
   * file of a state was last changed. Empty if there are no states.
   *
   * @throws AppException if the folder cannot be read
   */
  synchronized Optional<Instant> lastComplete() {
    JsonNode kept = content.path(COMPLETE_MS);
    try {
      Optional<Instant> changed = lastChanged();
      return changed.isPresent() && kept.isIntegralNumber()
          ? Optional.of(Instant.ofEpochMilli(kept.longValue()))
          : changed;
    } catch (IOException e) {
      throw new AppException(
          "the state folder must be readable, found that %s cannot be read: %s"
              .formatted(file.getParent(), e),
          e);
    }
  }

  private Optional<Instant> lastChanged() throws IOException {
    if (!Files.isDirectory(file.getParent())) {
      return Optional.empty();
    }
    Instant last = null;
    try (Stream<Path> tasks = Files.list(file.getParent())) {
      for (Path task : tasks.filter(path -> path.getFileName().toString().matches(TASK)).toList()) {
        try (Stream<Path> files = Files.walk(task)) {
          for (Path path : files.toList()) {
            Instant changed = Files.getLastModifiedTime(path).toInstant();
            last = last == null || changed.isAfter(last) ? changed : last;
          }
        }
      }
    }
    return Optional.ofNullable(last);
  }

  /** The folder's path. */
  @Override
  public String toString() {
    return file.getParent().toString();
  }

  private void write() {
    try {
      Files.createDirectories(file.getParent());
      AtomicFile.replace(file, Json.STRICT.writeValueAsBytes(content));
    } catch (IOException e) {
      throw new AppException(
          "the state folder must be writable, found that %s cannot be written: %s"
              .formatted(file, e.getMessage()),
          e);
    }
  }
}
