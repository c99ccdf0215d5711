package io.undercurrent.streams.internals;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.processor.TaskId;
import org.rocksdb.RocksDBException;
import org.rocksdb.Status;

/**
 * The files of one task's RocksDB store. While RocksDB has them open they cannot be deleted, so
 * they are condemned: a file beside them says that they are to be deleted before they are opened
 * again. This outlives the process.
 */
public final class StoreFiles {

  private final TaskId task;
  private final Path checkpoint;
  private final Path folder;
  private final Path condemned;

  /**
   * @param taskFolder the folder of the task's stores
   */
  public StoreFiles(TaskId task, Path taskFolder, String store) {
    this.task = task;
    checkpoint = taskFolder.resolve(".checkpoint");
    folder = taskFolder.resolve("rocksdb").resolve(store);
    condemned = folder.resolveSibling(store + ".broken");
  }

  /**
   * Whether a failure says that RocksDB's files are broken or gone, and not that the disk is full
   * or that the files may not be read, for example.
   */
  public static boolean areBroken(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RocksDBException e) {
        Status status = e.getStatus();
        String message = String.valueOf(e.getMessage());
        return status != null && status.getCode() == Status.Code.Corruption
            || message.startsWith("Corruption")
            || message.contains("No such file or directory")
            || message.contains("Input/output error")
            || message.contains("Column families not opened");
      }
    }
    return false;
  }

  /** Whether RocksDB would take the files for a new store, and delete them, because one is gone. */
  boolean haveNoCurrentFile() {
    if (!Files.isDirectory(folder) || Files.exists(folder.resolve("CURRENT"))) {
      return false;
    }
    try (DirectoryStream<Path> tables = Files.newDirectoryStream(folder, "{*.sst,MANIFEST-*}")) {
      return tables.iterator().hasNext();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Has the files, if there are any, deleted before they are opened again. May be called by any
   * thread.
   */
  public void condemn() {
    if (!Files.isDirectory(folder)) {
      return;
    }
    try {
      Files.write(condemned, new byte[0]);
    } catch (IOException e) {
      throw new ProcessorStateException("cannot write " + condemned, e);
    }
  }

  boolean areCondemned() {
    return Files.exists(condemned);
  }

  /**
   * Deletes the files, and the offsets up to which Kafka Streams before 4.4 has restored the task's
   * stores. So all of the task's stores are restored.
   */
  void delete() {
    try {
      Files.deleteIfExists(checkpoint);
      if (Files.exists(folder)) {
        try (Stream<Path> files = Files.walk(folder)) {
          for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
            Files.delete(file);
          }
        }
      }
      Files.deleteIfExists(condemned);
    } catch (IOException e) {
      throw new ProcessorStateException("cannot delete the broken files in " + folder, e);
    }
  }

  /** The error that ends the application: what is broken, and what to do. */
  BrokenStoreException failure(boolean changelogs, Throwable cause) {
    return new BrokenStoreException(
        changelogs
            ? "the files in %s are broken again after %d restores of task %s within an hour: check that disk, or set another state.dir; the states come from the changelog"
                .formatted(folder.getParent(), Repairs.MAX, task)
            : "the files in %s are broken, and its stores have no changelog: delete the folder to start its keys again"
                .formatted(folder.getParent()),
        cause);
  }

  @Override
  public String toString() {
    return folder.getParent().toString();
  }
}
