package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.undercurrent.app.AppException;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import io.undercurrent.text.ByteTokenizer;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class GenerateCommandTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;
  private String small;

  @BeforeEach
  void writeModel() throws IOException {
    small = SmallModel.write(folder.resolve("small")).toString();
  }

  @Test
  void shouldContinueThePromptTheSameForTheSameSeed() throws IOException {
    String[] arguments = {"--model", small, "--prompt", "The  FOOD", "--seed", "5", "--count", "3"};
    List<String> lines = run("", arguments);

    assertThat(lines).hasSize(3).allMatch(line -> line.startsWith("The  FOOD"));
    assertThat(new HashSet<>(lines)).hasSize(3);
    assertThat(run("", arguments)).isEqualTo(lines);
    assertThat(run("", with(arguments, "--count", "1"))).isEqualTo(lines.subList(0, 1));
    assertThat(run("", with(arguments, "--seed", "6"))).doesNotContainAnyElementsOf(lines);
  }

  @Test
  void shouldReadThePromptFromStandardInput() throws IOException {
    assertThat(run("the food\n", "--model", small, "--seed", "5"))
        .isEqualTo(run("", "--model", small, "--seed", "5", "--prompt", "the food"));
    assertThat(run("", "--model", small, "--seed", "5"))
        .isEqualTo(run("", "--model", small, "--seed", "5", "--prompt", ""));
  }

  @Test
  void shouldPrintJsonWithTheSeed() throws IOException {
    List<JsonNode> written =
        json(run("", "--model", small, "--prompt", "not", "--records", "2", "--json"));

    JsonNode first = written.get(0);
    assertThat(first.path("prompt").asText()).isEqualTo("not");
    assertThat(first.path("index").asInt()).isZero();
    assertThat(first.path("tokens").asInt()).isBetween(0, 100);
    String seed = first.path("seed").asText();
    assertThat(
            json(
                run(
                    "",
                    "--model",
                    small,
                    "--prompt",
                    "not",
                    "--records",
                    "2",
                    "--json",
                    "--seed",
                    seed)))
        .isEqualTo(written);
  }

  @Test
  void shouldStopAtMaxTokens() throws IOException {
    for (JsonNode written :
        json(
            run(
                "",
                "--model",
                small,
                "--prompt",
                "not",
                "--max-tokens",
                "3",
                "--count",
                "50",
                "--records",
                "9",
                "--json"))) {
      boolean ended = written.path("ended").asBoolean();
      int records = written.path("continuation").size();
      int tokens = written.path("tokens").asInt();
      assertThat(ended ? records == 9 && tokens <= 3 : records <= 9 && tokens == 3).isTrue();
    }
  }

  @Test
  void shouldListNextTokensWithTheirProbabilities() throws IOException {
    List<String> plain = run("", "--model", small, "--prompt", "the food was", "--next", "4");
    List<JsonNode> json =
        json(run("", "--model", small, "--prompt", "the food was", "--next", "4", "--json"));

    assertThat(plain).hasSize(4).allMatch(line -> line.matches("0\\.\\d{4}  [a-z]+"));
    assertThat(json)
        .extracting(node -> node.path("token").asText())
        .containsExactlyElementsOf(plain.stream().map(line -> line.substring(8)).toList());
    for (int i = 1; i < json.size(); i++) {
      assertThat(json.get(i).path("probability").asDouble())
          .isLessThanOrEqualTo(json.get(i - 1).path("probability").asDouble());
    }
    assertThat(json.get(0).path("probability").asDouble()).isBetween(0.01, 1.0);
  }

  @Test
  void shouldReadTheHistoryAsEarlierRecordsOfTheKey() throws IOException {
    Path plain = Files.writeString(folder.resolve("plain.txt"), "the food was good\nnot bad\n");
    Path lines =
        Files.writeString(
            folder.resolve("lines.jsonl"),
            """
            {"key":"a","text":"the food was good"}
            {"key":"b","text":"very bad"}
            {"key":"a","text":"not bad"}
            """);
    String[] next = {"--model", small, "--prompt", "but", "--next", "10", "--json"};
    List<String> after = run("", with(next, "--history", plain.toString()));

    assertThat(after).isNotEqualTo(run("", next));
    assertThat(run("", with(next, "--history", lines.toString(), "--key", "a"))).isEqualTo(after);
    assertThat(run("", with(next, "--history", lines.toString(), "--key", "b")))
        .isNotEqualTo(after);
  }

  @Test
  void shouldWriteBytesWithoutEscapeCodes() throws IOException {
    ModelConfig config =
        new ModelConfig("bytes", "lstm", ByteTokenizer.SIZE, 4, 8, 1, Pooling.LAST);
    Path bytes = folder.resolve("bytes");
    Checkpoint.write(bytes, config, new ByteTokenizer(), TinyModel.random(config, 1), false);

    String text =
        String.join(
            "\n",
            run(
                "",
                "--model",
                bytes.toString(),
                "--prompt",
                "a\u001b[31m",
                "--temperature",
                "9",
                "--top-k",
                "0",
                "--max-tokens",
                "5000",
                "--records",
                "1000",
                "--seed",
                "1"));
    assertThat(text).startsWith("a\\u001b[31m").contains("\uFFFD", "\\u0000");
    assertThat(text.chars()).noneMatch(Printable::isUnsafe);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--temperature -1     | temperature must be >= 0, found -1.0",
        "--top-k -5           | top_k must be >= 0, found -5",
        "--top-p 0            | top_p must be > 0 and <= 1, found 0.0",
        "--top-p 1.5          | top_p must be > 0 and <= 1, found 1.5",
        "--max-tokens 0       | --max-tokens must be from 1 to 1000000, found 0",
        "--records 0          | --records must be from 1 to 1000000, found 0",
        "--count 10001        | --count must be from 1 to 10000, found 10001",
        "--next 0             | --next must be from 1 to 1000, found 0",
        "--next 5 --top-p 0.5 | --top-p must be left out with --next, which writes no text",
        "--key a              | --key must be used with --history",
        "--history missing    | missing: must exist, found no such file",
      })
  void shouldRefuseWrongOptionsInOneLine(String arguments, String message) {
    List<String> all = new ArrayList<>(List.of("generate", "--prompt", "a", "--model", small));
    all.addAll(List.of(arguments.split(" ")));
    StringWriter err = new StringWriter();
    int exit =
        Main.commandLine().setErr(new PrintWriter(err, true)).execute(all.toArray(String[]::new));

    assertThat(exit).isEqualTo(1);
    assertThat(err.toString()).isEqualTo("error: " + message + "\n");
  }

  @Test
  void shouldRefuseAPromptThatIsNotUtf8() {
    assertThatThrownBy(() -> run(new byte[] {(byte) 0xff}, "--model", small))
        .isInstanceOf(AppException.class)
        .hasMessage("standard input must be UTF-8, found other bytes");
  }

  /** The model that ships writes readable text. Its words are not checked. */
  @Test
  void shouldWriteReadableTextWithTheDefaultModel() throws IOException {
    List<String> words =
        run("", "--prompt", "thank you so", "--next", "3").stream()
            .map(line -> line.substring(8))
            .toList();
    assertThat(words).contains("much");

    List<String> texts = run("", "--prompt", "i think this movie", "--seed", "1", "--count", "40");
    assertThat(texts).hasSize(40).allMatch(text -> text.startsWith("i think this movie"));
    for (String text : texts) {
      assertThat(text)
          .doesNotContain(
              "<unk", "<end>", "<caps>", "<long>", "<repeat>", "<hashtag>", " n't", "  ")
          .doesNotContainPattern(" [.,?]( |$)");
    }
    assertThat(run("", "--prompt", "i think this movie", "--seed", "1", "--count", "40"))
        .isEqualTo(texts);
  }

  private static String[] with(String[] arguments, String... more) {
    List<String> all = new ArrayList<>(Arrays.asList(arguments));
    for (int i = 0; i < more.length; i += 2) {
      int at = all.indexOf(more[i]);
      if (at >= 0) {
        all.set(at + 1, more[i + 1]);
      } else {
        all.addAll(List.of(more[i], more[i + 1]));
      }
    }
    return all.toArray(String[]::new);
  }

  private static List<String> run(String in, String... arguments) throws IOException {
    return run(in.getBytes(UTF_8), arguments);
  }

  private static List<String> run(byte[] in, String... arguments) throws IOException {
    GenerateCommand command = new GenerateCommand();
    new CommandLine(command).parseArgs(arguments);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    command.run(new ByteArrayInputStream(in), new PrintStream(out, true, UTF_8));
    return out.toString(UTF_8).lines().toList();
  }

  private static List<JsonNode> json(List<String> lines) throws IOException {
    List<JsonNode> nodes = new ArrayList<>();
    for (String line : lines) {
      nodes.add(JSON.readTree(line));
    }
    return nodes;
  }
}
