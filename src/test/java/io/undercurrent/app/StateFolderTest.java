package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateFolderTest {

  @TempDir private Path folder;

  @Test
  void shouldGiveTheInstanceTheSameNameAtEachStart() {
    String name = taken("app").instanceName();

    assertThat(taken("app").instanceName()).isEqualTo(name);
    assertThat(taken("other").instanceName()).isNotEqualTo(name);
  }

  @Test
  void shouldRefuseStatesOfAnotherCluster() {
    new StateFolder(folder).take("cluster-1");

    StateFolder again = new StateFolder(folder);
    assertThatThrownBy(() -> again.take("cluster-2"))
        .isInstanceOf(AppException.class)
        .hasMessageContaining("belong to the Kafka cluster cluster-1, found cluster cluster-2")
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("set another state.dir");
    new StateFolder(folder).take("cluster-1");
  }

  @Test
  void shouldSayWhatToDoWithABrokenFile() throws Exception {
    Files.writeString(folder.resolve(StateFolder.FILE), "{\"instance\":");

    assertThatThrownBy(() -> new StateFolder(folder))
        .isInstanceOf(AppException.class)
        .hasMessageContaining(StateFolder.FILE)
        .hasMessageContaining("Delete the folder " + folder);
  }

  private StateFolder taken(String application) {
    StateFolder taken = new StateFolder(folder.resolve(application));
    taken.take("cluster-1");
    return taken;
  }

  @Test
  void shouldSayThatTheFolderCannotBeWritten() throws Exception {
    Path file = Files.writeString(folder.resolve("file"), "");

    StateFolder inAFile = new StateFolder(file.resolve("app"));
    assertThatThrownBy(() -> inAFile.take("cluster-1"))
        .isInstanceOf(AppException.class)
        .hasMessageContaining("must be writable");
  }

  @Test
  void shouldKeepWhatTheInstanceRan() {
    RunIdentity identity = new RunIdentity(Map.of("store", "s"), 7);
    taken("app").keep(identity);

    assertThat(taken("app").runs()).contains(identity);
    assertThat(taken("other").runs()).isEmpty();
  }

  /** A clean stop writes all states to disk. A crash leaves what was in files. */
  @Test
  void shouldKnowOfWhenTheStatesAre() throws Exception {
    Instant now = Instant.ofEpochSecond(1_800_000_000);
    write("0_0/rocksdb/s/1.sst", now.minusSeconds(50));
    write("0_0/rocksdb/s/2.sst", now.minusSeconds(10));
    write("0_0/rocksdb/s/LOG", now);
    write("0_0/rocksdb/s-memory/3.sst", now.minusSeconds(20));
    write("0_1/rocksdb/s/4.sst", now.minusSeconds(5));
    write("0_1/rocksdb/s-memory/LOG", now); // nothing on disk, so nothing is old
    write("0_2/rocksdb/s/LOG", now);
    StateFolder states = taken("app");
    Path first = folder.resolve("app/0_0");
    Path second = folder.resolve("app/0_1");
    Map<Path, Instant> afterACrash =
        Map.of(first, now.minusSeconds(20), second, now.minusSeconds(5));
    assertThat(states.tasks()).isEqualTo(afterACrash);

    states.stoppedAt(now, Set.of("0_0", "0_1"));
    assertThat(taken("app").tasks()).isEqualTo(Map.of(first, now, second, now));

    states.stoppedAt(now, Set.of("0_0"));
    assertThat(taken("app").tasks())
        .as("the other task was a standby, and may be behind its changelog")
        .isEqualTo(Map.of(first, now, second, now.minusSeconds(5)));

    states.starting();
    assertThat(taken("app").tasks()).isEqualTo(afterACrash);

    states.delete(List.of(first));
    assertThat(first).doesNotExist();
    assertThat(states.tasks()).containsOnlyKeys(second);
  }

  private void write(String file, Instant time) throws Exception {
    Path path = folder.resolve("app").resolve(file);
    Files.createDirectories(path.getParent());
    Files.setLastModifiedTime(Files.writeString(path, ""), FileTime.from(time));
  }
}
