package io.undercurrent.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.io.AtomicFile;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import io.undercurrent.io.OwnerOnly;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * What an instance knows about the folder of its states: a name of its own, and the cluster that
 * the states belong to. It is kept as {@value #FILE} in the application's folder under {@code
 * state.dir}.
 *
 * <p>The name is the instance's {@code group.instance.id}. An instance that is killed and started
 * again on the same folder gets its partitions back at once. Without the name, Kafka would wait for
 * the end of the dead member's session (45 s). Not thread-safe.
 */
final class StateFolder {

  static final String FILE = "undercurrent.json";

  private static final String INSTANCE = "instance";
  private static final String CLUSTER = "cluster";

  private final Path file;
  private String instance = UUID.randomUUID().toString(); // unless the file has one
  private String cluster; // null before the first start

  /**
   * Reads what is known about a folder.
   *
   * @param folder the application's folder, {@code state.dir/application.id}; may be missing
   * @throws AppException if the file cannot be read
   */
  StateFolder(Path folder) {
    file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return;
    }
    try {
      JsonNode found = Json.parse(Files.readAllBytes(file));
      instance = found.path(INSTANCE).asText(instance);
      cluster = found.path(CLUSTER).textValue();
    } catch (IOException | MalformedJsonException e) {
      throw new AppException(
          "%s cannot be read: %s. Delete the folder %s; its states are restored from the changelog"
              .formatted(file, e.getMessage(), folder),
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
  void take(String clusterId) {
    if (cluster != null && !cluster.equals(clusterId)) {
      throw new AppException(
          "the states in %s belong to the Kafka cluster %s, found cluster %s: set another state.dir, or delete that folder if the other cluster is gone"
              .formatted(file.getParent(), cluster, clusterId));
    }
    if (cluster == null) {
      cluster = clusterId;
      write();
    }
  }

  /** The folder's path. */
  /** The folder itself. */
  Path path() {
    return file.getParent();
  }

  @Override
  public String toString() {
    return path().toString();
  }

  private void write() {
    ObjectNode content = Json.STRICT.createObjectNode();
    content.put(INSTANCE, instance);
    content.put(CLUSTER, cluster);
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
