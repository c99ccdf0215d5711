package io.undercurrent.streams.internals;

import java.nio.file.Path;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.apache.kafka.streams.processor.TaskId;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides what happens when the files of a task's store are broken. They are deleted, and the store
 * is restored from its changelog, as often as {@link Repairs} allows.
 */
final class BrokenFiles {

  private static final Logger log = LoggerFactory.getLogger(BrokenFiles.class);

  private final TaskId task;
  private final StoreFiles files;
  private final Repairs repairs;

  /**
   * @param taskFolder the folder of the task's stores
   */
  BrokenFiles(TaskId task, Path taskFolder, String store, Repairs repairs) {
    this.task = task;
    this.files = new StoreFiles(task, taskFolder, store);
    this.repairs = repairs;
  }

  /** Before the store is opened: deletes files that are known to be broken. */
  void deleteIfCondemned() {
    if (files.areCondemned()) {
      files.delete();
    } else if (files.haveNoCurrentFile()) {
      delete(new ProcessorStateException("the file CURRENT is missing in " + files));
    }
  }

  /**
   * Deletes the files after the store could not be opened.
   *
   * @throws ProcessorStateException if they are not broken, or may not be repaired
   */
  void deleteAfter(ProcessorStateException failure) {
    if (!StoreFiles.areBroken(failure)) {
      throw failure;
    }
    delete(failure);
  }

  private void delete(ProcessorStateException failure) {
    if (!repairs.take(task)) {
      throw files.failure(repairs.haveChangelogs(), failure);
    }
    warn(failure);
    files.delete();
  }

  /** After a failed read on any thread: has the files deleted before they are opened again. */
  void noticed(ProcessorStateException failure) {
    if (StoreFiles.areBroken(failure) && repairs.haveChangelogs()) {
      files.condemn();
    }
  }

  /**
   * What to throw on the task's own thread after the open store could not be read or written: an
   * exception that makes Kafka Streams restore the task, or an error that ends the application.
   */
  RuntimeException after(ProcessorStateException failure) {
    if (!StoreFiles.areBroken(failure)) {
      return failure;
    }
    if (!repairs.take(task)) {
      return files.failure(repairs.haveChangelogs(), failure);
    }
    warn(failure);
    files.condemn();
    return startAgain(task, failure);
  }

  /**
   * What to throw on a task's own thread so that its stores are opened again.
   *
   * <p>It is Kafka Streams' exception for a thread that has lost its place in the group. The thread
   * aborts its transaction, closes its tasks and joins the group again, so it reads again from the
   * committed offsets on. TaskCorruptedException would say it better, but it loses records: with
   * Kafka Streams 4.4.0, exactly_once_v2 and the classic group protocol, the consumer goes on
   * behind the records that were polled before.
   */
  static TaskMigratedException startAgain(TaskId task, Throwable why) {
    return new TaskMigratedException("the stores of task " + task + " are to be restored", why);
  }

  private void warn(ProcessorStateException failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    log.warn(
        "task {}: the files in {} are broken, so they are deleted and the states are restored from"
            + " the changelog: {}",
        task,
        files,
        root.getMessage());
  }
}
