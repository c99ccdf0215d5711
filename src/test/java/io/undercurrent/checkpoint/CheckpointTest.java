package io.undercurrent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.Labels;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.TinyModel;
import io.undercurrent.text.WordTokenizer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CheckpointTest {

  private static final TinyModel TINY = TinyModel.of(5, 7, 2, Pooling.CONCAT, 1);

  @TempDir private Path folder;

  @BeforeEach
  void write() throws IOException {
    Checkpoint.write(folder, TINY.config(), TINY.tokenizer(), TINY.parameters(), false);
  }

  @Test
  void shouldReadExactlyTheValuesWrittenInFullPrecision() {
    Checkpoint read = Checkpoint.read(folder.toString());

    assertThat(read.config()).isEqualTo(TINY.config());
    assertThat(read.tokenizer().toJson()).isEqualTo(TINY.tokenizer().toJson());
    assertThat(read.parameters().values()).containsExactly(TINY.parameters().values());
    assertThat(read.fingerprint()).matches("[0-9a-f]{12}");
  }

  @Test
  void shouldReadHalfPrecisionWithinHalfAUnitInTheLastPlace() throws IOException {
    Checkpoint.write(folder, TINY.config(), TINY.tokenizer(), TINY.parameters(), true);

    float[] read = Checkpoint.read(folder.toString()).parameters().values();

    float[] written = TINY.parameters().values();
    for (int i = 0; i < written.length; i++) {
      // 11 significant bits: rounding moves a value by at most 2^-12 of its power of two
      assertThat(Math.abs(read[i] - written[i]))
          .as("value %d", i)
          .isLessThanOrEqualTo(Math.max(Math.ulp(written[i]) * (1 << 12), 0x1p-25f));
    }
    assertThat(read).isNotEqualTo(written);
    Checkpoint.write(folder, TINY.config(), TINY.tokenizer(), parameters(read), true);
    assertThat(Checkpoint.read(folder.toString()).parameters().values()).containsExactly(read);
  }

  @Test
  void shouldLoadAModelWithTheInitialStateOfTheOneWritten() {
    Network written = new Network(TINY.config(), TINY.parameters(), Kernels.best());
    assertThat(Checkpoint.load(folder.toString()).initialState())
        .isEqualTo(written.initialState(TINY.tokenizer().endOfRecord()));
  }

  @ParameterizedTest
  @CsvSource({"FFNN, 1", "FFNN, 3", "RNN, 1", "GRU, 1"})
  void shouldReadBackEveryKind(CellType kind, int window) throws IOException {
    TinyModel tiny = TinyModel.of(kind, window, 5, 7, 2, Pooling.LAST, 3);
    Checkpoint.write(folder, tiny.config(), tiny.tokenizer(), tiny.parameters(), false);

    Checkpoint read = Checkpoint.read(folder.toString());

    assertThat(read.config()).isEqualTo(tiny.config());
    assertThat(read.parameters().values()).containsExactly(tiny.parameters().values());
    assertThat(read.model().initialState()).isEqualTo(tiny.model().initialState());
  }

  @Test
  void shouldReadBackAttentionAndCache() throws IOException {
    TinyModel tiny = TinyModel.looking(new Attention(3, 4), new Cache(50, 0.3f, 0.1f), 3);
    Checkpoint.write(folder, tiny.config(), tiny.tokenizer(), tiny.parameters(), false);

    Checkpoint read = Checkpoint.read(folder.toString());

    assertThat(read.config()).isEqualTo(tiny.config());
    assertThat(read.parameters().values()).containsExactly(tiny.parameters().values());
    assertThat(Files.readString(folder.resolve("config.json")).replace(" ", ""))
        .contains("\"theta\":0.3,")
        .contains("\"records\":3,");
  }

  @Test
  void shouldOmitAttentionAndCacheThatAreOff() throws IOException {
    assertThat(Files.readString(folder.resolve("config.json")))
        .doesNotContain("attention")
        .doesNotContain("cache")
        .doesNotContain("\"sentiment\"");
  }

  @Test
  void shouldReadBackATemperatureWithoutChangingTheOtherFiles() throws IOException {
    Map<String, byte[]> before = files();
    Checkpoint plain = Checkpoint.read(folder.toString());

    write(plain.config().withTemperature(1.3f), plain);

    Checkpoint read = Checkpoint.read(folder.toString());
    assertThat(plain.config().temperature()).isEqualTo(1);
    assertThat(read.config().temperature()).isEqualTo(1.3f);
    assertThat(read.fingerprint()).isNotEqualTo(plain.fingerprint());
    assertThat(Files.readString(folder.resolve("config.json")).replaceAll("\\s", ""))
        .contains("\"sentiment\":{\"temperature\":1.3},");
    for (String name : List.of("tokenizer.json", "model.safetensors")) {
      assertThat(folder.resolve(name)).hasBinaryContent(before.get(name));
    }
    write(plain.config(), plain);
    assertThat(folder.resolve("config.json")).hasBinaryContent(before.get("config.json"));
  }

  private void write(ModelConfig config, Checkpoint of) throws IOException {
    Checkpoint.write(folder, config, of.tokenizer(), of.parameters(), false);
  }

  @Test
  void shouldReadBackLabelsAndValences() throws IOException {
    for (Labels labels :
        List.of(
            new Labels(List.of("1", "2", "3", "4", "5"), List.of(-1f, -0.5f, 0f, 0.5f, 1f)),
            Labels.unscored(List.of("book", "cancel")),
            new Labels(Labels.SENTIMENT.names(), List.of(-1f, 0.1f, 1f)))) {
      ModelConfig config = TINY.config().withLabels(labels);
      Parameters parameters = TinyModel.random(config, 4);
      Checkpoint.write(folder, config, TINY.tokenizer(), parameters, false);

      Checkpoint read = Checkpoint.read(folder.toString());

      assertThat(read.config()).isEqualTo(config);
      assertThat(read.parameters().values()).containsExactly(parameters.values());
      assertThat(Files.readString(folder.resolve("config.json")).contains("\"valences\""))
          .isEqualTo(labels.hasScore());
    }
  }

  @Test
  void shouldOmitTheUsualValences() throws IOException {
    String config = Files.readString(folder.resolve("config.json"));
    assertThat(config).doesNotContain("valences").contains("\"labels\"");
    assertThat(Checkpoint.read(folder.toString()).config().labels()).isEqualTo(Labels.SENTIMENT);

    Files.writeString(
        folder.resolve("config.json"),
        config.replace("\"labels\"", "\"valences\": [-1, 0, 1], \"labels\""));
    assertThat(Checkpoint.read(folder.toString()).config().labels()).isEqualTo(Labels.SENTIMENT);
  }

  @Test
  void shouldOmitTheWindowOfARecurrentKind() throws IOException {
    assertThat(Files.readString(folder.resolve("config.json"))).doesNotContain("window");
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "tokenizer.json", "model.safetensors"})
  void shouldChangeTheFingerprintWithEachFile(String name) throws IOException {
    String before = Checkpoint.read(folder.toString()).fingerprint();
    switch (name) {
      case "config.json" ->
          replaceInConfig(
              "\"name\":", "\"cache\": {\"tokens\": 9, \"theta\": 1, \"lambda\": 0.1}, \"name\":");
      case "tokenizer.json" -> {
        List<String> words = new ArrayList<>(TinyModel.WORDS);
        words.set(3, "were");
        Files.write(folder.resolve(name), WordTokenizer.of(words).toJson());
      }
      default -> {
        byte[] bytes = Files.readAllBytes(folder.resolve(name));
        bytes[bytes.length - 4] ^= 1; // the last bit of the last weight
        Files.write(folder.resolve(name), bytes);
      }
    }
    assertThat(Checkpoint.read(folder.toString()).fingerprint()).isNotEqualTo(before);
  }

  @Test
  void shouldNotChangeTheFingerprintWithTheName() throws IOException {
    String before = Checkpoint.read(folder.toString()).fingerprint();
    replaceInConfig("\"tiny\"", "\"renamed\"");
    assertThat(Checkpoint.read(folder.toString()).config().name()).isEqualTo("renamed");
    assertThat(Checkpoint.read(folder.toString()).fingerprint()).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "tokenizer.json"})
  void shouldNotChangeTheFingerprintWithTheOrderOrWhiteSpaceOfJson(String name) throws IOException {
    String before = Checkpoint.read(folder.toString()).fingerprint();
    ObjectMapper mapper = new ObjectMapper();
    JsonNode json = mapper.readTree(folder.resolve(name).toFile());
    List<String> keys = new ArrayList<>();
    json.fieldNames().forEachRemaining(key -> keys.add(0, key)); // the last key first
    ObjectNode reversed = mapper.createObjectNode();
    keys.forEach(key -> reversed.set(key, json.get(key)));
    String other = "\n\t" + reversed.toPrettyString().replace(" : ", ":") + "\n\n";
    assertThat(other).isNotEqualTo(Files.readString(folder.resolve(name)));
    Files.writeString(folder.resolve(name), other);

    assertThat(Checkpoint.read(folder.toString()).fingerprint()).isEqualTo(before);
  }

  /** The same values give the same output, in whichever precision they are stored. */
  @Test
  void shouldNotChangeTheFingerprintWithTheDtypeOfTheSameValues() throws IOException {
    Checkpoint.write(folder, TINY.config(), TINY.tokenizer(), TINY.parameters(), true);
    Checkpoint half = Checkpoint.read(folder.toString());
    Checkpoint.write(folder, TINY.config(), TINY.tokenizer(), half.parameters(), false);

    assertThat(Checkpoint.read(folder.toString()).fingerprint()).isEqualTo(half.fingerprint());
  }

  @Test
  void shouldNotChangeTheFingerprintWithTheModelCard() throws IOException {
    String before = Checkpoint.read(folder.toString()).fingerprint();
    Files.writeString(folder.resolve("README.md"), "# A model card");
    Files.writeString(folder.resolve("notes.txt"), "and something else");
    assertThat(Checkpoint.read(folder.toString()).fingerprint()).isEqualTo(before);
  }

  @Test
  void shouldWriteTheSameBytesAgain() throws IOException {
    Map<String, byte[]> before = files();
    write();
    Map<String, byte[]> after = files();
    assertThat(after.keySet())
        .isEqualTo(before.keySet())
        .containsExactly("config.json", "model.safetensors", "tokenizer.json");
    after.forEach((name, bytes) -> assertThat(bytes).as(name).isEqualTo(before.get(name)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "tokenizer.json", "model.safetensors"})
  void shouldKeepTheOldCheckpointIfAWriteFails(String blocked) throws IOException {
    Map<String, byte[]> before = files();
    Path inTheWay = Files.createDirectory(folder.resolve(blocked + ".tmp"));
    Files.writeString(inTheWay.resolve("file"), "keeps the folder from being replaced");
    TinyModel other = TinyModel.of(3, 4, 1, Pooling.LAST, 2);

    assertThatThrownBy(
            () ->
                Checkpoint.write(
                    folder, other.config(), other.tokenizer(), other.parameters(), false))
        .isInstanceOf(IOException.class);

    before.forEach(
        (name, bytes) -> assertThat(folder.resolve(name)).as(name).hasBinaryContent(bytes));
  }

  @Test
  void shouldKeepTheOldCheckpointIfAWeightIsNotFinite() throws IOException {
    Map<String, byte[]> before = files();
    float[] values = TINY.parameters().values().clone();
    values[3] = 1e6f; // beyond half precision

    assertThatThrownBy(
            () ->
                Checkpoint.write(folder, TINY.config(), TINY.tokenizer(), parameters(values), true))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("embedding.weight[3] must be finite as F16, found 1000000.0");

    assertThat(files().keySet()).isEqualTo(before.keySet());
    before.forEach(
        (name, bytes) -> assertThat(folder.resolve(name)).as(name).hasBinaryContent(bytes));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"name\": \"tiny\",      |                        | name must be a string, found nothing",
        "\"tiny\"                 | 7                      | name must be a string, found 7",
        "\"tiny\"                 | \" \"                  | name must be not blank, found",
        "\"lstm\"                 | \"mamba\"              | kind must be one of ffnn, rnn, lstm, gru, sru, mingru, found mamba",
        "\"name\":                | \"window\": 2, \"name\": | window must be 1 for kind lstm, found 2",
        "\"name\":                | \"window\": \"2\", \"name\": | window must be an integer, found \"2\"",
        "\"hidden_size\": 7,      |                        | hidden_size must be an integer, found nothing",
        "\"hidden_size\": 7       | \"hidden_size\": 7.0   | hidden_size must be an integer, found 7.0",
        "\"hidden_size\": 7       | \"hidden_size\": \"7\" | hidden_size must be an integer, found \"7\"",
        "\"hidden_size\": 7       | \"hidden_size\": null  | hidden_size must be an integer, found null",
        "\"hidden_size\": 7       | \"hidden_size\": 5000000000 | hidden_size must be an integer, found 5000000000",
        "\"hidden_size\": 7       | \"hidden_size\": 0     | hidden_size must be 1 to 8192, found 0",
        "\"num_layers\": 2        | \"num_layers\": 99     | num_layers must be 1 to 16, found 99",
        "\"embedding_size\": 5    | \"embedding_size\": -1 | embedding_size must be 1 to 8192, found -1",
        "\"concat\"               | \"mean\"               | pooling must be concat or last, found mean",
        "\"concat\"               | [\"concat\"]           | pooling must be a string, found [\"concat\"]",
        "\"neutral\",             | \"negative\",             | labels must be different, found negative twice",
        "\"neutral\",             | \" \",                    | labels must be names of 1 to 64 chars, not blank and without control characters, found \" \"",
        "\"labels\":              | \"valences\": [-1, 1], \"labels\": | valences must be one for each of 3 labels, found 2",
        "\"labels\":              | \"valences\": [-1, 0, 2], \"labels\": | valences must be from -1 to 1, found 2.0",
        "\"labels\":              | \"valences\": [-1, \"0\", 1], \"labels\": | valences must be a list of numbers, found",
        "\"labels\":              | \"valences\": 1, \"labels\": | valences must be a list of numbers, found 1",
        "\"labels\":              | \"labels\": \"neutral\", \"label\": | found label",
        "\"tokenizer.json\"       | \"../tokenizer.json\"  | tokenizer must be tokenizer.json, found ../tokenizer.json",
        "\"name\":                | \"dropout\": 0.5, \"name\": | found dropout",
        "\"name\":                | \"name\": \"x\", \"name\": | must be JSON, found: Duplicate field 'name'",
        "\"name\":                | \"attention\": 3, \"name\": | attention must be an object of records and size, found 3",
        "\"name\":                | \"attention\": {\"records\": 3}, \"name\": | size must be an integer, found nothing",
        "\"name\":                | \"attention\": {\"records\": 2000, \"size\": 4}, \"name\": | attention.records must be 0 to 1024, found 2000",
        "\"name\":                | \"attention\": {\"records\": 2, \"size\": 0}, \"name\": | attention.size must be 1 to 8192, found 0",
        "\"name\":                | \"cache\": {\"tokens\": 9, \"alpha\": 1}, \"name\": | cache must be an object of tokens, theta and lambda, found {",
        "\"name\":                | \"cache\": {\"tokens\": 9, \"theta\": 1}, \"name\": | lambda must be a number, found nothing",
        "\"name\":                | \"cache\": {\"tokens\": -1, \"theta\": 1, \"lambda\": 0}, \"name\": | cache.tokens must be 0 to 16384, found -1",
        "\"name\":                | \"cache\": {\"tokens\": 9, \"theta\": 1, \"lambda\": 1}, \"name\": | cache.lambda must be 0 to less than 1, found 1.0",
        "\"name\":                | \"cache\": {\"tokens\": 9, \"theta\": 1e999, \"lambda\": 0}, \"name\": | cache.theta must be 0 to 100, found Infinity",
        "\"name\":                | \"sentiment\": 1.3, \"name\": | sentiment must be an object of temperature, found 1.3",
        "\"name\":                | \"sentiment\": {\"bias\": 1}, \"name\": | sentiment must be an object of temperature, found {",
        "\"name\":                | \"sentiment\": {}, \"name\": | temperature must be a number, found nothing",
        "\"name\":                | \"sentiment\": {\"temperature\": 0}, \"name\": | sentiment.temperature must be 0.01 to 100, found 0.0",
        "\"name\":                | \"sentiment\": {\"temperature\": 1e999}, \"name\": | sentiment.temperature must be 0.01 to 100, found Infinity",
        "\"tiny\"                 | tiny                   | must be JSON, found: ",
        "{                        | [{                     | must be JSON, found: ",
      })
  void shouldSayWhichValueOfTheConfigurationIsNotValid(String from, String to, String message)
      throws IOException {
    replaceInConfig(from, to == null ? "" : to);

    assertThat(refusal()).startsWith(folder + "/config.json: ").contains(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"negative, neutral, positive\"",
        "{\"a\": \"negative\", \"b\": \"neutral\", \"c\": \"positive\"}",
        "[\"negative\", \"neutral\", 1]",
        "null"
      })
  void shouldRefuseLabelsThatAreNotAListOfStrings(String labels) throws IOException {
    String config = Files.readString(folder.resolve("config.json"));
    Files.writeString(folder.resolve("config.json"), config.replaceAll("(?s)\\[.*]", labels));

    assertThat(refusal()).startsWith(folder + "/config.json: labels must be ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "null", "[]", "\"config\""})
  void shouldRefuseAConfigurationThatIsNotAnObject(String content) throws IOException {
    Files.writeString(folder.resolve("config.json"), content);

    assertThat(refusal()).startsWith(folder + "/config.json: must be a JSON object, found ");
  }

  @Test
  void shouldRefuseADeeplyNestedConfiguration() throws IOException {
    Files.writeString(folder.resolve("config.json"), "{\"name\":".repeat(100_000));

    assertThat(refusal()).startsWith(folder + "/config.json: must be JSON, found: ");
  }

  @Test
  void shouldRefuseAConfigurationThatNobodyWrote() throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, Files.readString(config) + " ".repeat(1 << 20));
    assertThatThrownBy(() -> Checkpoint.read(folder.toString()))
        .isInstanceOf(CheckpointException.class)
        .hasMessageStartingWith(config + ": must have at most 1,048,576 bytes, found 1,04");
  }

  @Test
  void shouldRefuseATokenizerOfAnotherSize() throws IOException {
    Files.write(folder.resolve("tokenizer.json"), WordTokenizer.of(List.of("a", "b")).toJson());
    int size = TINY.tokenizer().size();

    assertThat(refusal())
        .isEqualTo(
            "%s/tokenizer.json: must have vocab_size %d tokens as config.json says, found %d"
                .formatted(folder, size, size - TinyModel.WORDS.size() + 2));
  }

  @Test
  void shouldRefuseATokenizerOfAnUnknownType() throws IOException {
    Files.writeString(folder.resolve("tokenizer.json"), "{\"type\":\"bpe\"}");

    assertThat(refusal())
        .isEqualTo(
            folder
                + "/tokenizer.json: type must be \"word\", \"byte\" or \"whitespace\", found \"bpe\"");
  }

  @Test
  void shouldRefuseTensorsOfAnotherShapeThanTheConfiguration() throws IOException {
    replaceInConfig("\"hidden_size\": 7", "\"hidden_size\": 8");

    assertThat(refusal())
        .isEqualTo(
            folder + "/model.safetensors: rnn.weight_ih_l0: shape must be (32, 5), found (28, 5)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"config.json", "tokenizer.json", "model.safetensors"})
  void shouldSayWhichFileIsMissing(String name) throws IOException {
    Files.delete(folder.resolve(name));

    assertThat(refusal())
        .isEqualTo(folder + ": must be a checkpoint folder with " + name + ", found no such file");
  }

  @Test
  void shouldSayThatAFolderOrAModelOnTheClassPathIsMissing() {
    String missing = folder.resolve("missing").toString();
    assertThatThrownBy(() -> Checkpoint.load(missing))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(missing + ": must be a checkpoint folder with config.json, found no such file");
    assertThatThrownBy(() -> Checkpoint.load("classpath:no-such-model"))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(
            "classpath:no-such-model: must be a model on the class path, found no"
                + " /models/no-such-model/config.json");
  }

  @Test
  void shouldRefuseAFileThatIsLargerThanAnArray() throws IOException {
    try (RandomAccessFile file =
        new RandomAccessFile(folder.resolve("model.safetensors").toFile(), "rw")) {
      file.setLength(1L << 33); // a sparse file: takes no space on disk
    }

    assertThat(refusal())
        .isEqualTo(
            folder
                + "/model.safetensors: must have at most 2,147,483,639 bytes, found 8,589,934,592");
  }

  @Test
  void shouldReadTrainingTensorsAsTheyWereWritten() throws IOException {
    Path file = folder.resolve("adam-m.safetensors");
    Checkpoint.writeTensors(file, TINY.parameters());
    Parameters into = new Parameters(TINY.config().tensors());

    Checkpoint.readTensors(file, into);

    assertThat(into.values()).containsExactly(TINY.parameters().values());
  }

  private String refusal() {
    Throwable thrown = catchThrowable(() -> Checkpoint.load(folder.toString()));
    assertThat(thrown).isInstanceOf(CheckpointException.class);
    assertThat(thrown.getMessage().chars()).noneMatch(Character::isISOControl);
    return thrown.getMessage();
  }

  private void replaceInConfig(String from, String to) throws IOException {
    Path file = folder.resolve("config.json");
    String config = Files.readString(file).replace("\" : ", "\": ");
    assertThat(config).contains(from);
    Files.writeString(
        file,
        config.replaceFirst(Pattern.quote(from), Matcher.quoteReplacement(to)),
        StandardCharsets.UTF_8);
  }

  private Map<String, byte[]> files() throws IOException {
    Map<String, byte[]> files = new TreeMap<>();
    try (var paths = Files.list(folder)) {
      for (Path path : paths.toList()) {
        files.put(path.getFileName().toString(), Files.readAllBytes(path));
      }
    }
    return files;
  }

  private static Parameters parameters(float[] values) {
    Parameters parameters = new Parameters(TINY.config().tensors());
    System.arraycopy(values, 0, parameters.values(), 0, values.length);
    return parameters;
  }
}
