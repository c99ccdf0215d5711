package io.undercurrent.chart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PicturesTest {

  private static final double[] STEPS = {0, 100, 200, 300};

  @TempDir private Path folder;
  private final List<String> said = new ArrayList<>();
  private final Pictures pictures = new Pictures(said::add);

  @Test
  void shouldDrawEveryLineInAColourOfItsOwn() throws IOException {
    BufferedImage image =
        drawn(
            new LineChart("Loss", "step", "loss, nats")
                .line("sentiment", STEPS, new double[] {1.1, 0.8, 0.6, 0.5})
                .line("next token", STEPS, new double[] {9, 7, 6, 5.5})
                .level("uniform", 3));
    assertThat(pixels(image, Style.LINES[0].getRGB())).isGreaterThan(500);
    assertThat(pixels(image, Style.LINES[1].getRGB())).isGreaterThan(500);
    assertThat(pixels(image, Style.LEVEL.getRGB())).isGreaterThan(200);
  }

  @Test
  void shouldLeaveGapsAtValuesThatALogarithmicAxisCannotShow() throws IOException {
    double[] y = {0, 1e-30, Double.NaN, Double.POSITIVE_INFINITY, 1e4, 10};
    double[] x = {0, 1, 2, 3, 4, 5};
    LineChart chart = new LineChart("Gradient", "k", "norm").logarithmic().line("rnn", x, y);
    assertThat(pixels(drawn(chart), Style.LINES[0].getRGB())).isGreaterThan(100);
  }

  @Test
  void shouldColourAHeatMapsCellsByTheirShareOfTheRow() throws IOException {
    long[][] counts = {{90, 10}, {0, 7}};
    BufferedImage image = drawn(new HeatMap("Confusion", List.of("negative", "positive"), counts));
    assertThat(pixels(image, Style.FULL.getRGB())).isGreaterThan(10_000); // the cell of 100 %
  }

  @Test
  void shouldNotWriteAPictureWithoutAnythingToDraw() throws IOException {
    Path file = folder.resolve("empty.png");
    double[] none = {Double.NaN, Double.NaN, Double.NaN, Double.NaN};
    assertThat(
            pictures.draw(file, new LineChart("", "x", "y").line("a", STEPS, none).level("b", 0)))
        .isTrue();
    Files.delete(file);
    assertThat(pictures.draw(file, new LineChart("", "x", "y").line("a", STEPS, none))).isFalse();
    assertThat(pictures.draw(file, new LineChart("", "x", "y").level("alone", 1))).isFalse();
    assertThat(pictures.draw(file, new HeatMap("", List.of("a"), new long[1][1]))).isFalse();
    assertThat(file).doesNotExist();
    assertThat(said).isEmpty();
  }

  @Test
  void shouldThrowIfTheFileCannotBeWritten() {
    LineChart chart = new LineChart("", "x", "y").line("a", STEPS, STEPS);
    assertThatThrownBy(() -> pictures.draw(folder.resolve("no/such/folder.png"), chart))
        .isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void shouldWarnOnceIfThereAreNoFonts() throws Exception {
    Path fonts = Files.writeString(folder.resolve("fonts.conf"), "<fontconfig></fontconfig>");
    Path out = folder.resolve("out");
    ProcessBuilder child =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djava.awt.headless=true",
            "-Duser.home=" + folder, // where the JDK caches the fonts that it has found
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            WithoutFonts.class.getName(),
            folder.toString());
    child.environment().put("FONTCONFIG_FILE", fonts.toString());
    Process process = child.redirectErrorStream(true).redirectOutput(out.toFile()).start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    List<String> lines = Files.readAllLines(out, StandardCharsets.UTF_8);
    assertThat(lines).hasSize(2);
    assertThat(lines.get(0)).startsWith("no pictures").contains("fontconfig", "fonts-dejavu-core");
    assertThat(lines.get(1)).isEqualTo("went on");
    assertThat(process.exitValue()).isZero();
    assertThat(folder.resolve("picture.png")).doesNotExist();
  }

  /** Draws twice into the given folder. */
  static final class WithoutFonts {

    private WithoutFonts() {}

    public static void main(String[] args) throws IOException {
      Pictures pictures = new Pictures(System.out::println);
      Path file = Path.of(args[0], "picture.png");
      pictures.draw(file, new LineChart("a", "x", "y").line("a", STEPS, STEPS));
      pictures.draw(file, new HeatMap("b", List.of("a"), new long[][] {{1}}));
      System.out.println("went on");
    }
  }

  private BufferedImage drawn(Picture picture) throws IOException {
    Path file = folder.resolve("picture.png");
    assertThat(pictures.draw(file, picture)).isTrue();
    assertThat(said).isEmpty();
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactly(file);
    }
    return ImageIO.read(file.toFile());
  }

  private static int pixels(BufferedImage image, int colour) {
    int n = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        if (image.getRGB(x, y) == colour) {
          n++;
        }
      }
    }
    return n;
  }
}
