package io.undercurrent.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.io.AtomicFile;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import io.undercurrent.io.OwnerOnly;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.kafka.common.utils.Utils;

/**
 * What an instance knows about the folder of its states: a name of its own, the cluster that the
 * states belong to, the settings that they were made with, and when they were stopped. It is kept
 * as {@value #FILE} in the application's folder under {@code state.dir}.
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
  private static final String STOPPED_MS = "stoppedMs";
  private static final String STOPPED_TASKS = "stoppedTasks";

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
   * Keeps that states were stopped cleanly, with everything that their changelogs had at this time.
   *
   * @param tasks of these states, by the names of their folders
   * @throws AppException if the file cannot be written
   */
  synchronized void stoppedAt(Instant time, Set<String> tasks) {
    content.put(STOPPED_MS, time.toEpochMilli());
    ArrayNode names = content.putArray(STOPPED_TASKS);
    tasks.stream().sorted().forEach(names::add);
    write();
  }

  /**
   * Forgets the last clean stop, because the states change from now on.
   *
   * @throws AppException if the file cannot be written
   */
  synchronized void starting() {
    content.remove(STOPPED_TASKS);
    if (content.remove(STOPPED_MS) != null) {
      write();
    }
  }

  /**
   * The folders of tasks that have states, each with the time at which its states on disk last had
   * everything that their changelogs had. That is the time of the last clean stop. After a crash,
   * and for a task that only followed its changelog, it is the time at which the store that has
   * waited longest last wrote to its files: what came later was in memory only.
   *
   * @throws AppException if the folder cannot be read
   */
  synchronized Map<Path, Instant> tasks() {
    Map<Path, Instant> tasks = new TreeMap<>();
    JsonNode stopped = content.path(STOPPED_MS);
    Set<String> complete = new HashSet<>();
    content.path(STOPPED_TASKS).forEach(name -> complete.add(name.asText()));
    try {
      for (Path task : list(file.getParent(), TASK)) {
        lastWritten(task)
            .ifPresent(
                written ->
                    tasks.put(
                        task,
                        stopped.isIntegralNumber()
                                && complete.contains(task.getFileName().toString())
                            ? Instant.ofEpochMilli(stopped.longValue())
                            : written));
      }
      return tasks;
    } catch (IOException e) {
      throw new AppException(
          "the state folder must be readable, found that %s cannot be read: %s"
              .formatted(file.getParent(), e),
          e);
    }
  }

  /** When the store of the task that has waited longest last wrote to its files. */
  private static Optional<Instant> lastWritten(Path task) throws IOException {
    Optional<Instant> earliest = Optional.empty();
    for (Path store : list(task.resolve("rocksdb"), ".*")) {
      Optional<Instant> last = Optional.empty();
      for (Path data : list(store, ".*\\.sst")) {
        Instant written = Files.getLastModifiedTime(data).toInstant();
        last = last.filter(written::isBefore).or(() -> Optional.of(written));
      }
      Optional<Instant> found = last;
      earliest = earliest.filter(e -> found.isEmpty() || e.isBefore(found.get())).or(() -> found);
    }
    return earliest;
  }

  private static List<Path> list(Path folder, String names) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> found = Files.list(folder)) {
      return found.filter(path -> path.getFileName().toString().matches(names)).toList();
    }
  }

  /**
   * Deletes folders of tasks. No instance may use them.
   *
   * @throws AppException if that fails
   */
  void delete(Collection<Path> tasks) {
    for (Path task : tasks) {
      try {
        Utils.delete(task.toFile());
      } catch (IOException e) {
        throw new AppException("the states in %s cannot be deleted: %s".formatted(task, e), e);
      }
    }
  }

  /** The folder itself. */
  Path path() {
    return file.getParent();
  }

  @Override
  public String toString() {
    return path().toString();
  }

  private void write() {
    try {
      OwnerOnly.folder(file.getParent());
      AtomicFile.replace(file, Json.STRICT.writeValueAsBytes(content));
    } catch (IOException e) {
      throw new AppException(
          "the state folder must be writable, found that %s cannot be written: %s"
              .formatted(file, e.getMessage()),
          e);
    }
  }
}
