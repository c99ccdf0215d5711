package io.undercurrent.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OwnerOnlyTest {

  @TempDir private Path folder;

  @BeforeEach
  void shouldHavePosixPermissions() {
    assumeTrue(folder.getFileSystem().supportedFileAttributeViews().contains("posix"));
  }

  @Test
  void shouldCreateFoldersForTheOwnerAlone() throws IOException {
    Path created = OwnerOnly.folder(folder.resolve("a").resolve("b"));

    assertThat(permissions(created)).isEqualTo("rwx------");
    assertThat(permissions(created.getParent())).isEqualTo("rwx------");
  }

  @Test
  void shouldLeaveAFolderThatExistsAsItIs() throws IOException {
    Path shared = Files.createDirectory(folder.resolve("shared"));
    Files.setPosixFilePermissions(shared, PosixFilePermissions.fromString("rwxr-x---"));

    OwnerOnly.folder(shared);
    OwnerOnly.folder(shared.resolve("state"));

    assertThat(permissions(shared)).isEqualTo("rwxr-x---");
    assertThat(permissions(shared.resolve("state"))).isEqualTo("rwx------");
  }

  @Test
  void shouldReplaceAFileThatOthersCouldRead() throws IOException {
    Path file = Files.writeString(folder.resolve("records.jsonl"), "old");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

    OwnerOnly.emptyFile(file);

    assertThat(file).isEmptyFile();
    assertThat(permissions(file)).isEqualTo("rw-------");
  }

  private static String permissions(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
