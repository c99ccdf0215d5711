package io.undercurrent.streams.internals;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.apache.kafka.streams.processor.TaskId;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.rocksdb.FlushOptions;
import org.rocksdb.Options;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;

/** With real files of RocksDB. */
class StoreFilesTest {

  private static final TaskId TASK = new TaskId(0, 1);
  private static final String STORE = "hidden-state";

  @TempDir Path taskFolder;
  private Path folder;
  private StoreFiles files;

  @BeforeEach
  void fill() throws Exception {
    RocksDB.loadLibrary();
    folder = Files.createDirectories(taskFolder.resolve("rocksdb")).resolve(STORE);
    files = new StoreFiles(TASK, taskFolder, STORE);
    try (Options options = new Options().setCreateIfMissing(true);
        RocksDB db = RocksDB.open(options, folder.toString());
        FlushOptions flush = new FlushOptions()) {
      for (int i = 0; i < 1_000; i++) {
        db.put(("key-%03d".formatted(i)).getBytes(UTF_8), new byte[100]);
      }
      db.flush(flush);
    }
  }

  @ParameterizedTest
  @CsvSource({
    ".sst, FLIP",
    ".sst, CUT",
    ".sst, DELETE",
    "MANIFEST-, FLIP",
    "MANIFEST-, CUT",
    "MANIFEST-, DELETE",
    "CURRENT, CUT",
    "CURRENT, FLIP"
  })
  void shouldTellBrokenFiles(String name, String how) throws Exception {
    damage(name, how);

    Throwable failure = catchThrowable(this::read);

    assertThat(failure).isInstanceOf(RocksDBException.class);
    assertThat(StoreFiles.areBroken(new ProcessorStateException("x", failure))).isTrue();
    assertThat(files.haveNoCurrentFile()).isFalse();
  }

  /** RocksDB itself would start a new store, and delete the tables. */
  @Test
  void shouldTellThatTheFirstFileIsGone() throws Exception {
    assertThat(files.haveNoCurrentFile()).isFalse();
    damage("CURRENT", "DELETE");

    assertThat(files.haveNoCurrentFile()).isTrue();
    files.delete();
    assertThat(files.haveNoCurrentFile()).isFalse();
  }

  /** Nothing is wrong with the files. */
  @Test
  @SuppressWarnings("try") // the database is only held open
  void shouldNotCallFilesBrokenThatAnotherProcessHasOpen() throws Exception {
    try (Options options = new Options();
        RocksDB db = RocksDB.open(options, folder.toString())) {
      Throwable failure = catchThrowable(this::read);

      assertThat(failure).isInstanceOf(RocksDBException.class);
      assertThat(StoreFiles.areBroken(failure)).isFalse();
    }
    assertThat(
            StoreFiles.areBroken(
                new RocksDBException("While appending to file: x: No space left on device")))
        .isFalse();
    assertThat(StoreFiles.areBroken(new IllegalStateException("Corruption"))).isFalse();
  }

  @Test
  void shouldDeleteTheFilesAndTheCheckpointBeforeTheyAreOpenedAgain() throws Exception {
    Path checkpoint = Files.write(taskFolder.resolve(".checkpoint"), new byte[0]);
    Path other = Files.createDirectory(taskFolder.resolve("rocksdb").resolve("other"));
    BrokenFiles broken = new BrokenFiles(TASK, taskFolder, STORE, new Repairs(true));
    broken.deleteIfCondemned();
    assertThat(folder).exists();

    RuntimeException thrown = broken.after(corruption());

    assertThat(thrown).isInstanceOf(TaskMigratedException.class);
    assertThat(folder).exists(); // RocksDB has it open
    new BrokenFiles(TASK, taskFolder, STORE, new Repairs(true)).deleteIfCondemned();
    assertThat(folder).doesNotExist();
    assertThat(checkpoint).doesNotExist();
    assertThat(files.areCondemned()).isFalse();
    assertThat(other).exists();
  }

  @Test
  void shouldSayWhatToDoAfterTwoRestoresWithinAnHour() {
    BrokenFiles broken = new BrokenFiles(TASK, taskFolder, STORE, new Repairs(true));
    broken.deleteAfter(corruption());
    assertThat(broken.after(corruption())).isInstanceOf(TaskMigratedException.class);

    assertThat(broken.after(corruption()))
        .isInstanceOf(BrokenStoreException.class)
        .hasMessage(
            "the files in %s are broken again after 2 restores of task 0_1 within an hour: check that disk, or set another state.dir; the states come from the changelog"
                .formatted(folder.getParent()));
    assertThatThrownBy(() -> broken.deleteAfter(corruption()))
        .isInstanceOf(BrokenStoreException.class);
  }

  @Test
  void shouldNotDeleteFilesOfAStoreWithoutAChangelog() {
    BrokenFiles broken = new BrokenFiles(TASK, taskFolder, STORE, new Repairs(false));
    broken.noticed(corruption());

    assertThatThrownBy(() -> broken.deleteAfter(corruption()))
        .isInstanceOf(BrokenStoreException.class)
        .hasMessageContaining("its stores have no changelog: delete the folder");
    assertThat(files.areCondemned()).isFalse();
    assertThat(folder).exists();
  }

  @Test
  void shouldPassOtherFailuresOn() {
    BrokenFiles broken = new BrokenFiles(TASK, taskFolder, STORE, new Repairs(true));
    ProcessorStateException other = new ProcessorStateException("closed");

    assertThat(broken.after(other)).isSameAs(other);
    assertThatThrownBy(() -> broken.deleteAfter(other)).isSameAs(other);
    broken.noticed(other);
    assertThat(files.areCondemned()).isFalse();
  }

  private static ProcessorStateException corruption() {
    return new ProcessorStateException("x", new RocksDBException("Corruption: block checksum"));
  }

  private void damage(String name, String how) throws IOException {
    List<Path> found;
    try (Stream<Path> all = Files.list(folder)) {
      found = all.filter(file -> file.getFileName().toString().contains(name)).toList();
    }
    assertThat(found).isNotEmpty();
    for (Path file : found) {
      byte[] bytes = Files.readAllBytes(file);
      switch (how) {
        case "FLIP" -> {
          bytes[bytes.length / 2] ^= 4;
          Files.write(file, bytes);
        }
        case "CUT" -> Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
        default -> Files.delete(file);
      }
    }
  }

  private void read() throws RocksDBException {
    try (Options options = new Options();
        RocksDB db = RocksDB.open(options, folder.toString());
        RocksIterator all = db.newIterator()) {
      for (all.seekToFirst(); all.isValid(); all.next()) {
        all.value();
      }
      all.status();
    }
  }

  /** Kafka Streams closes the iterators of a store that it closes, on another thread. */
  @Test
  void shouldNotAskAClosedIteratorForItsStatus() throws Exception {
    Path closed = folder.resolve("closed");
    try (Options options = new Options().setCreateIfMissing(true);
        RocksDB db = RocksDB.open(options, closed.toString())) {
      RocksIterator iterator = db.newIterator();
      CheckedIterator.Native status = new CheckedIterator.Native(new Object(), iterator);
      status.check();
      iterator.close();

      status.check(); // with the freed handle, the JVM would end
    }
  }
}
