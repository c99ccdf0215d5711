package io.undercurrent.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {

  @TempDir private Path folder;

  @Test
  void shouldReplaceAFileAndLeaveNothingBesideIt() throws IOException {
    Path file = folder.resolve("a");
    AtomicFile.replace(file, new byte[] {1});
    AtomicFile.replace(file, new byte[] {2, 3});
    assertThat(file).hasBinaryContent(new byte[] {2, 3});
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void shouldKeepTheFileIfTheWriterFails() throws IOException {
    Path file = folder.resolve("a");
    AtomicFile.replace(file, new byte[] {1});
    assertThatThrownBy(
            () ->
                AtomicFile.replace(
                    file,
                    temporary -> {
                      Files.write(temporary, new byte[] {2});
                      throw new IOException("disk full");
                    }))
        .hasMessage("disk full");
    assertThat(file).hasBinaryContent(new byte[] {1});
  }

  @Test
  void shouldReplaceNoneOfSeveralFilesIfOneCannotBeWritten() throws IOException {
    Path file = folder.resolve("a");
    AtomicFile.replace(file, new byte[] {1});
    Map<Path, byte[]> contents = new LinkedHashMap<>();
    contents.put(file, new byte[] {2});
    contents.put(folder.resolve("none").resolve("b"), new byte[] {2});
    assertThatThrownBy(() -> AtomicFile.replaceAll(contents))
        .isInstanceOf(NoSuchFileException.class);
    assertThat(file).hasBinaryContent(new byte[] {1});
  }
}
