package io.undercurrent.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Reads each kept input again: the seeds that were written by hand, and what {@link FuzzIT} found.
 */
class FuzzCasesTest {

  @TestFactory
  @Timeout(value = 60, unit = TimeUnit.SECONDS)
  Stream<DynamicTest> shouldReadAllKeptInputs() throws Exception {
    List<FuzzTarget> targets = new ArrayList<>();
    List<DynamicTest> tests = new ArrayList<>();
    for (String name : FuzzTargets.names()) {
      FuzzTarget target = FuzzTargets.of(name);
      targets.add(target);
      for (byte[] seed : target.seeds()) {
        tests.add(dynamicTest(name + " of its own", () -> FuzzDriver.read(target, seed)));
      }
      for (Path file : KeptInputs.of(name)) {
        byte[] input = Files.readAllBytes(file);
        tests.add(
            dynamicTest(
                name + " " + file.getFileName(),
                file.toUri(),
                () -> FuzzDriver.read(target, input)));
      }
    }
    return tests.stream().onClose(() -> targets.forEach(FuzzTarget::close));
  }

  @Test
  void shouldHaveATargetForEachFolder() throws IOException {
    assertThat(FuzzTargets.names()).containsAll(KeptInputs.folders());
  }

  @Test
  void shouldKeepAFindingInTheFolderOfItsTarget(@TempDir Path folder) throws IOException {
    int json = FuzzTargets.names().indexOf("json");
    Path found = Files.write(folder.resolve("crash-of-a-test"), new byte[] {(byte) json, '{', '}'});

    Path kept = KeptInputs.keep(AllFuzz.NAME, found);
    try {
      assertThat(kept).isEqualTo(KeptInputs.folder("json").resolve("crash-of-a-test"));
      assertThat(kept).hasContent("{}");
      assertThat(found).doesNotExist();
    } finally {
      Files.delete(kept);
    }
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
}
