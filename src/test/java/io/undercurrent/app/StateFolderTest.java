package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
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
}
