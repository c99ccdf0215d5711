package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.interop.Dl4jFiles;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Tensor;
import io.undercurrent.model.TinyModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.factory.Nd4j;
import picocli.CommandLine;

class ImportCommandTest {

  @TempDir private Path folder;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @Test
  void shouldMakeACheckpointFromADl4jNetwork() throws IOException {
    Path zip = languageModel();
    Path made = folder.resolve("letters");

    assertThat(run("--dl4j", zip, "--tokenizer", "bytes", "--out", made)).isZero();

    Model model = Checkpoint.load(made.toString());
    assertThat(model.name()).isEqualTo("letters");
    assertThat(out.toString())
        .contains("lstm, 1 layer of 8 units, 257 tokens, ")
        .contains("no sentiment head in the file: every record is neutral")
        .contains("1 added token, with a zero embedding and a probability close to 0: <end>")
        .endsWith("checkpoint: %s (fingerprint %s)%n".formatted(made, model.fingerprint()));
    assertThat(logits(model, "a")).as("neutral is the likeliest").containsExactly(0, 0x1p-10f, 0);
    assertThat(err.toString().lines())
        .containsExactly("reading " + zip + " with ND4J ...", "writing " + made + " ...");
    assertThat(made.resolve("README.md"))
        .content()
        .startsWith("# letters\n\nImported from `net.zip`")
        .contains("- no sentiment head in the file");
  }

  @Test
  void shouldMakeASentimentModelWithTheUsersWords() throws IOException {
    Path zip =
        Dl4jFiles.write(
            Dl4jFiles.network(
                8, Dl4jFiles.embedding(4, 5, false), Dl4jFiles.lstm(5, 8), Dl4jFiles.output(8, 3)),
            folder.resolve("net.zip"));
    Path words = Files.write(folder.resolve("words.txt"), List.of("<unk>", "good", "bad", "not"));
    Path made = folder.resolve("made");

    int code =
        run(
            "--dl4j",
            zip,
            "--head",
            "sentiment",
            "--vocabulary",
            words,
            "--name",
            "m",
            "--out",
            made);

    assertThat(code).as(err.toString()).isZero();
    Model model = Checkpoint.load(made.toString());
    assertThat(model.name()).isEqualTo("m");
    assertThat(out.toString()).contains("no next_token head in the file");
    assertThat(logits(model, "good")).isNotEqualTo(logits(model, "not bad"));
  }

  /** The logits of the sentiment head after a text. */
  private static float[] logits(Model model, String text) {
    HiddenState state = HiddenState.zeros(model.config());
    for (int token : model.tokenizer().encode(text, 9).ids()) {
      model.network().step(token, state, model.network().scratch());
    }
    float[] logits = new float[3];
    model.network().sentimentLogits(state.top(), logits);
    return logits;
  }

  @Test
  void shouldMakeACheckpointFromNumPyArrays() throws IOException {
    TinyModel tiny = TinyModel.of(7, 13, 2, Pooling.CONCAT, 42);
    Path source = SmallModel.write(folder.resolve("source"));
    Map<String, byte[]> arrays = new LinkedHashMap<>();
    for (Tensor tensor : tiny.config().tensors()) {
      long[] shape = Arrays.stream(tensor.shape()).asLongStream().toArray();
      arrays.put(
          tensor.name() + ".npy",
          Nd4j.toNpyByteArray(Nd4j.create(tiny.parameters().copy(tensor.name()), shape, 'c')));
    }
    Path npz = Dl4jFiles.zip(source.resolve("weights.npz"), arrays);
    Path made = folder.resolve("made");

    int code = run("--numpy", npz, "--tokenizer", source.resolve("tokenizer.json"), "--out", made);

    assertThat(code).as(err.toString()).isZero();
    assertThat(Checkpoint.load(made.toString()).fingerprint())
        .isEqualTo(Checkpoint.load(source.toString()).fingerprint());
  }

  @Test
  void shouldSayInOneLineWhatIsWrong() throws IOException {
    Path zip = languageModel();
    Path made = folder.resolve("made");
    Path words = Files.write(folder.resolve("words.txt"), List.of("good", "bad"));

    fails("--tokenizer or --vocabulary must be given, found neither", "--dl4j", zip, "--out", made);
    fails(
        "--vocabulary must be used alone or with --tokenizer bytes, found --tokenizer x.json",
        "--dl4j",
        zip,
        "--tokenizer",
        "x.json",
        "--vocabulary",
        words,
        "--out",
        made);
    fails(
        "net.zip: must have the vocabulary's 2 tokens, found 256",
        "--dl4j",
        zip,
        "--vocabulary",
        words,
        "--out",
        made);
    fails(
        "layer 1 (RnnOutputLayer): must have nOut 3 for negative, neutral and positive, found 256",
        "--dl4j",
        zip,
        "--head",
        "sentiment",
        "--tokenizer",
        "bytes",
        "--out",
        made);
    fails(
        "none.zip: must exist, found no such file",
        "--dl4j",
        folder.resolve("none.zip"),
        "--tokenizer",
        "bytes",
        "--out",
        made);
    fails(
        "words.txt: must be a whole zip file, found",
        "--dl4j",
        words,
        "--tokenizer",
        "bytes",
        "--out",
        made);
    fails(
        "words.txt: tokenizer.json must be JSON",
        "--dl4j",
        zip,
        "--tokenizer",
        words,
        "--out",
        made);
    fails(
        "--out must be a new or empty folder, found that " + folder + " is not empty",
        "--dl4j",
        zip,
        "--tokenizer",
        "bytes",
        "--out",
        folder);
    assertThat(made).doesNotExist();
  }

  /** A network over the 256 bytes. */
  private Path languageModel() throws IOException {
    return Dl4jFiles.write(
        Dl4jFiles.network(8, Dl4jFiles.lstm(256, 8), Dl4jFiles.output(8, 256)),
        folder.resolve("net.zip"));
  }

  private void fails(String message, Object... arguments) {
    err.getBuffer().setLength(0);
    assertThat(run(arguments)).isEqualTo(1);
    assertThat(err.toString().lines().filter(line -> line.startsWith("error: ")))
        .singleElement()
        .asString()
        .contains(message)
        .doesNotContain("a bug of this program");
  }

  private int run(Object... arguments) {
    CommandLine command = Main.commandLine();
    command.setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    command.setColorScheme(CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
    String[] words = new String[arguments.length + 1];
    words[0] = "import";
    for (int i = 0; i < arguments.length; i++) {
      words[i + 1] = arguments[i].toString();
    }
    return command.execute(words);
  }
}
