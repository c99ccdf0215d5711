package io.undercurrent.streams.internals;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.model.StatePrecision;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests that states and enriched records are the same bytes on every JDK, CPU and kernel provider.
 * The digests were computed on JDK 17 with the vector module; every machine and JDK that runs the
 * tests must compute the same. They change only if the definition of a result changes; mention that
 * in the changelog.
 *
 * <p>The test starts JVMs with other kernels and instructions. It starts other JDKs if {@code
 * -Dundercurrent.jdks} names their folders, separated as in a class path.
 */
class SameBytesTest {

  private static final Map<String, String> HERE = SameBytes.digests(true);

  private static final String VECTOR = "--add-modules=jdk.incubator.vector";
  private static final String AVX2 = "-XX:UseAVX=2";
  private static final String NO_FMA = "-XX:-UseFMA";

  @ParameterizedTest
  @CsvSource({
    "FP32, a53d31c929651df95e65335e8de12c08d17132aba3fc3708f5ddf5852a42989e",
    "FP16, 4efb827799543e16d5f5a1be07326040f9c365ec8b14aa6dc75c7c0fbefe6816"
  })
  void shouldGiveTheSameBytesOnEveryMachine(StatePrecision precision, String digest) {
    assertThat(SameBytes.oneByOne(SameBytes.twoLayers().withStatePrecision(precision)))
        .isEqualTo(digest);
  }

  @ParameterizedTest
  @CsvSource({
    "FP32, 54cffbf46f9cb677e15f1ea77655bfff826b932c0eb942a405f2ca844ac388a9",
    "FP16, 08b576c2d691a9a70ea5bef14c2a56faaa8f3ff8328352f397be8ca1a50dce76"
  })
  void shouldRememberTheSameBytesOnEveryMachine(StatePrecision precision, String digest) {
    assertThat(SameBytes.oneByOne(SameBytes.looking().withStatePrecision(precision)))
        .isEqualTo(digest);
  }

  /** Another JVM: its home, its flags and the kernels that it must choose. */
  private record Jvm(Path home, List<String> flags, String kernels) {

    boolean slow() {
      return flags.contains(NO_FMA);
    }

    @Override
    public String toString() {
      return home.getFileName() + " " + flags;
    }
  }

  static Stream<Jvm> jvms() {
    Path here = Path.of(System.getProperty("java.home"));
    List<Jvm> jvms = new ArrayList<>();
    jvms.add(new Jvm(here, List.of(AVX2), "plain"));
    jvms.add(new Jvm(here, List.of(VECTOR, AVX2), "vector"));
    jvms.add(new Jvm(here, List.of(VECTOR, NO_FMA), "plain-software-fma"));
    for (String home : System.getProperty("undercurrent.jdks", "").split(File.pathSeparator)) {
      if (!home.isBlank()) {
        jvms.add(new Jvm(Path.of(home), List.of(VECTOR), "vector"));
        jvms.add(new Jvm(Path.of(home), List.of(), "plain"));
      }
    }
    return jvms.stream();
  }

  @ParameterizedTest
  @MethodSource("jvms")
  void shouldGiveTheSameBytesInOtherJvms(Jvm jvm) throws Exception {
    Map<String, String> expected = new LinkedHashMap<>(HERE);
    if (jvm.slow()) {
      expected.remove(SameBytes.SHIPPED); // it takes half a minute
    }
    Map<String, String> there = run(jvm);

    assertThat(there.remove("kernels")).isEqualTo(jvm.kernels);
    assertThat(there).isEqualTo(expected);
  }

  private static Map<String, String> run(Jvm jvm) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(jvm.home.resolve("bin").resolve("java").toString());
    command.addAll(List.of("-Xmx512m", "-XX:+IgnoreUnrecognizedVMOptions"));
    command.addAll(jvm.flags);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(SameBytes.class.getName());
    if (jvm.slow()) {
      command.add(SameBytes.SMALL_ONLY);
    }
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    process.getOutputStream().close();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    Map<String, String> lines = new LinkedHashMap<>();
    out.lines().forEach(line -> lines.put(line.split(" ")[0], line.split(" ")[1]));
    return lines;
  }
}
