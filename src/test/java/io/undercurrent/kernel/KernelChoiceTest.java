package io.undercurrent.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

class KernelChoiceTest {

  private final Logger logger = (Logger) LoggerFactory.getLogger(Kernels.class);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  @BeforeEach
  void listen() {
    log.start();
    logger.addAppender(log);
  }

  @AfterEach
  void hearNoMore() {
    logger.detachAppender(log);
  }

  @Test
  void shouldWarnOfAProviderWithOtherBitsAndDoWithoutIt() {
    Kernels chosen = KernelChoice.choose(List.of(Smaller.class.getName()));

    assertThat(chosen).isInstanceOf(PlainKernels.class);
    assertThat(log.list)
        .extracting(ILoggingEvent::getLevel, ILoggingEvent::getFormattedMessage)
        .containsExactly(
            tuple(Level.WARN, "kernels: smaller not used, its bits differ from the definition's"));
  }

  @Test
  void shouldSayNothingOfAProviderThatIsAbsentOrTaken() {
    assertThat(KernelChoice.choose(List.of("no.such.Kernels"))).isInstanceOf(PlainKernels.class);
    assertThat(KernelChoice.choose(List.of(PlainKernels.class.getName())))
        .isInstanceOf(PlainKernels.class);
    assertThat(log.list).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 15, 16, 255, 330})
  void shouldRefuseAProviderThatOverlooksAnElementInItsMaximum(int overlooked) {
    assertThat(KernelChoice.givesTheDefinedBits(new Smaller(overlooked))).isFalse();
    assertThat(KernelChoice.givesTheDefinedBits(new Smaller(Integer.MAX_VALUE))).isTrue();
  }

  /** In JVMs of their own: one warning where there is no instruction, and none where there is. */
  @ParameterizedTest
  @CsvSource({"-XX:-UseFMA, plain-software-fma, 1", "-XX:+UseFMA, vector, 0", "-Xint, vector, 0"})
  void shouldWarnWhereMultiplyAddsAreComputedInSoftware(String flag, String name, int warnings)
      throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                flag,
                "-cp",
                System.getProperty("java.class.path"),
                Chosen.class.getName())
            .redirectErrorStream(true)
            .start();
    List<String> lines =
        new String(process.getInputStream().readAllBytes(), UTF_8).lines().toList();

    assertThat(lines).contains("chosen: " + name);
    assertThat(lines)
        .filteredOn(line -> line.contains("kernels: this JVM has no fast fused multiply-add"))
        .hasSize(warnings);
  }

  /** Prints the kernels of its JVM. */
  static final class Chosen {
    public static void main(String[] arguments) {
      System.out.println("chosen: " + Kernels.best().name());
    }
  }

  /** The definition, but for an element that its maximum does not see. */
  static final class Smaller implements Kernels {
    private final Kernels definition = new PlainKernels();
    private final int overlooked; // counted from the offset

    Smaller() {
      this(7);
    }

    Smaller(int overlooked) {
      this.overlooked = overlooked;
    }

    @Override
    public String name() {
      return "smaller";
    }

    @Override
    public PackedMatrix matrix(int k, int n) {
      return definition.matrix(k, n);
    }

    @Override
    public float exponentials(float[] x, int offset, int n, float max, float[] sums) {
      return definition.exponentials(x, offset, n, max, sums);
    }

    @Override
    public float max(float[] x, int offset, int n) {
      float[] seen = x.clone();
      if (overlooked < n) {
        seen[offset + overlooked] = Float.NEGATIVE_INFINITY;
      }
      return definition.max(seen, offset, n);
    }
  }
}
