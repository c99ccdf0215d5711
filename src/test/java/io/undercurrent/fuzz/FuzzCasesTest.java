package io.undercurrent.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;

/**
 * Reads each kept input again: the seeds that were written by hand, and what {@link FuzzIT} found.
 */
class FuzzCasesTest {

  /** One folder for each target. */
  static final Path CASES = Path.of("src", "test", "resources", "fuzz");

  @TestFactory
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  Stream<DynamicTest> shouldReadAllKeptInputs() throws Exception {
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : FuzzTargets.names()) {
      FuzzTarget target = FuzzTargets.of(name);
      for (byte[] seed : target.seeds()) {
        tests.add(dynamicTest(name + " of its own", () -> FuzzDriver.read(target, seed)));
      }
      for (Path file : files(CASES.resolve(name))) {
        byte[] input = Files.readAllBytes(file);
        tests.add(
            dynamicTest(
                name + " " + file.getFileName(),
                file.toUri(),
                () -> FuzzDriver.read(target, input)));
      }
    }
    return tests.stream();
  }

  @Test
  void shouldHaveATargetForEachFolder() throws IOException {
    assertThat(new TreeSet<>(FuzzTargets.names()))
        .containsAll(files(CASES).stream().map(file -> file.getFileName().toString()).toList());
  }

  @Test
  void shouldFailAnInputThatAllocatesTooMuch() {
    FuzzTarget greedy =
        new FuzzTarget() {
          @Override
          public void read(byte[] input) {
            assertThat(new byte[1 << 20]).isNotEmpty();
          }

          @Override
          public long maxAllocation(int inputBytes) {
            return 1 << 19;
          }
        };
    assertThatThrownBy(() -> FuzzDriver.read(greedy, new byte[3]))
        .hasMessageStartingWith(
            "an input of 3 bytes must allocate at most 524,288 bytes, found 1,");
  }

  private static List<Path> files(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }
}
