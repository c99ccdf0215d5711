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
    "FP32, 9230ca49e90c2713cdaf4470c1b165b9985930e668e288c466ab1f94536ab08d",
    "FP16, 7066b3e4991d1bdc2182007f532aa06a421a83802be63f594b0706c3285ce8e8"
  })
  void shouldGiveTheSameBytesOnEveryMachine(StatePrecision precision, String digest) {
    assertThat(SameBytes.oneByOne(SameBytes.twoLayers().withStatePrecision(precision)))
        .isEqualTo(digest);
  }

  @ParameterizedTest
  @CsvSource({
    "FP32, 6e767f41c53b5036e28f3e69c190876ac03402c66ace982ace99f7675ad93f2b",
    "FP16, a7b21f86e3a4cd95b5c72384014b153aa5eb9697e8565345ee33aab1de3e025e"
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
