package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.io.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrintableTest {

  /** An application program command in C1, a bidi override, a mark, and an isolate. */
  private static final String HOSTILE =
      "a\u009fpay\u009c\u202eb\u200fc\u2066d\u061ce\u007ff\u0085g";

  private static final String SHOWN =
      "a\\u009fpay\\u009c\\u202eb\\u200fc\\u2066d\\u061ce\\u007ff\\u0085g";

  @Test
  void shouldReplaceWhatATerminalObeys() {
    assertThat(Printable.of(HOSTILE)).isEqualTo(SHOWN);
    assertThat(Printable.of("a\tb\nc\r\u001b[0m")).isEqualTo("a\\u0009b\\u000ac\\u000d\\u001b[0m");
    assertThat(Printable.lines("a\tb\nc\r\u001b[0m")).isEqualTo("a\tb\nc\\u000d\\u001b[0m");
  }

  /** Letters of all kinds, an emoji of several parts, and joiners, which scripts need. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "naïve – “ok” €",
        "שלום مرحبا",
        "👩‍👩‍👧 🏴󠁧󠁢󠁥󠁮󠁧󠁿 ✔️",
        "می‌خواهم",
        "\u00a0\u00ad\ufeff"
      })
  void shouldLeaveAllOtherTextAsItIs(String text) throws IOException {
    assertThat(Printable.of(text)).isEqualTo(text);
    assertThat(streamed(true, text.getBytes(UTF_8))).isEqualTo(text);
    assertThat(streamed(false, text.getBytes(UTF_8))).isEqualTo(text);
  }

  @Test
  void shouldTreatAStreamLikeAText() throws IOException {
    StringBuilder all = new StringBuilder();
    IntStream.range(0, 0x11000)
        .filter(c -> !Character.isSurrogate((char) c) || c > 0xffff)
        .forEach(all::appendCodePoint);
    String expected = Printable.lines(all.toString());

    assertThat(expected.codePoints()).noneMatch(Printable::isUnsafe);
    assertThat(streamed(false, all.toString().getBytes(UTF_8))).isEqualTo(expected);
  }

  /** Each array is one write, as long strings are written in pieces. */
  @Test
  void shouldReadCharactersAcrossWritesAndFlushes() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    OutputStream stream = new PrintableStream(bytes, true);
    for (byte b : ("\u001b[1;31m" + HOSTILE + "€😀\u001b[0m").getBytes(UTF_8)) {
      stream.write(new byte[] {b});
      stream.flush();
    }
    assertThat(bytes.toString(UTF_8)).isEqualTo("\u001b[1;31m" + SHOWN + "€😀\u001b[0m");
  }

  @ParameterizedTest
  @CsvSource({
    "[31mred, true", // colours
    "[0m, true",
    "[2J, false", // clears the screen
    "]0;title, false",
    "[31, false",
    "[?25l, false",
    "c, false",
    "[1;1;1;1;1;1;1;1;1;1;1;1m, false"
  })
  void shouldLetColoursPassAndNoOtherCode(String code, boolean passes) throws IOException {
    String text = "x\u001b" + code + " y";
    assertThat(streamed(true, text.getBytes(UTF_8)))
        .isEqualTo(passes ? text : "x\\u001b" + code + " y");
    assertThat(streamed(false, text.getBytes(UTF_8))).isEqualTo("x\\u001b" + code + " y");
  }

  /** A terminal of another encoding, or a program that writes no text. */
  @Test
  void shouldReplaceControlCharactersAmongBytesThatAreNotUtf8() throws IOException {
    byte[] bytes = {
      'a', (byte) 0x9b, '2', 'J', (byte) 0xe9, (byte) 0xe9, 'b', (byte) 0xc0, (byte) 0x9b
    };
    byte[] tooLong = {(byte) 0xe0, (byte) 0x82, (byte) 0x9b, (byte) 0xe2, 'c', (byte) 0xf0};

    assertThat(streamed(bytes, ISO_8859_1)).isEqualTo("a\\u009b2J\u00e9\u00e9b\u00c0\\u009b");
    assertThat(streamed(tooLong, ISO_8859_1)).isEqualTo("\u00e0\\u0082\\u009b\u00e2c\u00f0");
  }

  /** On a terminal the record is the same JSON in other bytes; for a program it is the topic's. */
  @Test
  @Timeout(60)
  void shouldPrintTheSameRecordToATerminal(@TempDir Path folder) throws Exception {
    String line =
        Json.STRICT.createObjectNode().put("key", HOSTILE).put("text", HOSTILE).toString();

    String forProgram = enrich(folder, line, false);
    String forTerminal = enrich(folder, line, true);

    assertThat(forProgram)
        .contains("\"key\":\"" + HOSTILE + "\"")
        .contains(HOSTILE.substring(0, 6));
    assertThat(forTerminal.replace("\n", "").codePoints()).noneMatch(Printable::isUnsafe);
    JsonNode record = Json.parse(forTerminal);
    assertThat(record).isEqualTo(Json.parse(forProgram));
    assertThat(record.path("key").textValue()).isEqualTo(HOSTILE);
  }

  @Test
  @Timeout(60)
  void shouldPrintErrorsWithoutControlCharacters(@TempDir Path folder) throws Exception {
    String missing = "no\u009bfile\u202e";
    enrich(folder, "", false, "--model", missing, "--verbose");

    assertThat(Files.readString(folder.resolve("err")))
        .contains("error: no file : must be a checkpoint folder")
        .contains("CheckpointException: no file : must be a checkpoint folder")
        .doesNotContain("\u009b", "\u202e");
  }

  /** Standard output of the command in a JVM of its own; standard error is in a file. */
  private static String enrich(Path folder, String in, boolean terminal, String... more)
      throws Exception {
    Path input = Files.writeString(folder.resolve("in"), in + "\n");
    Path out = folder.resolve("out");
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-Dfile.encoding=UTF-8",
                "-Dsun.jnu.encoding=UTF-8",
                "-Dundercurrent.stdout.terminal=" + terminal,
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName(),
                "enrich"));
    command.addAll(List.of(more));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(input.toFile())
            .redirectOutput(out.toFile())
            .redirectError(folder.resolve("err").toFile());
    builder.environment().put("LC_ALL", "C.UTF-8"); // for the arguments
    Process process = builder.start();
    assertThat(process.waitFor(50, TimeUnit.SECONDS)).isTrue();
    return Files.readString(out);
  }

  private static String streamed(boolean colours, byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream stream = new PrintableStream(out, colours)) {
      stream.write(bytes);
    }
    return out.toString(UTF_8);
  }

  private static String streamed(byte[] bytes, Charset charset) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (OutputStream stream = new PrintableStream(out, true)) {
      stream.write(bytes);
    }
    return out.toString(charset);
  }
}
