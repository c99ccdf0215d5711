package io.undercurrent.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.checkpoint.CheckpointException;
import io.undercurrent.kernel.Float16;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Tensor;
import io.undercurrent.model.TinyModel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.factory.Nd4j;

/** NumPy arrays become parameters with the same values. */
class NumpyTensorsTest {

  private static final int V = 46;

  private final TinyModel model = TinyModel.of(7, 13, 2, Pooling.CONCAT, 42);

  @TempDir private Path folder;

  @BeforeEach
  void writeConfig() throws IOException {
    Checkpoint.write(folder, model.config(), model.tokenizer(), model.parameters(), false);
    Files.delete(folder.resolve("model.safetensors"));
    Files.delete(folder.resolve("tokenizer.json"));
  }

  /** The arrays as ND4J writes them in NumPy's format. */
  private Map<String, byte[]> arrays() {
    Map<String, byte[]> arrays = new LinkedHashMap<>();
    for (Tensor tensor : model.config().tensors()) {
      long[] shape = Arrays.stream(tensor.shape()).asLongStream().toArray();
      arrays.put(
          tensor.name() + ".npy",
          Nd4j.toNpyByteArray(Nd4j.create(model.parameters().copy(tensor.name()), shape, 'c')));
    }
    return arrays;
  }

  /** An array as NumPy itself writes it. */
  private static byte[] npy(String dtype, boolean columnMajor, String shape, byte[] values) {
    String header =
        "{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }"
            .formatted(dtype, columnMajor ? "True" : "False", shape);
    header += " ".repeat(117 - header.length()) + "\n";
    byte[] start = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0};
    return ByteBuffer.allocate(start.length + header.length() + values.length)
        .put(start)
        .put(header.getBytes(StandardCharsets.ISO_8859_1))
        .put(values)
        .array();
  }

  private Path npz(Map<String, byte[]> arrays) throws IOException {
    return Dl4jFiles.zip(folder.resolve("weights.npz"), arrays);
  }

  @Test
  void shouldReadEveryValueOfAnNpzFile() throws IOException {
    ImportedNetwork read = NumpyTensors.read(npz(arrays()));

    assertThat(read.parameters().values()).containsExactly(model.parameters().values());
    assertThat(read.config()).isEqualTo(model.config());
    assertThat(read.missing()).isEmpty();
  }

  @Test
  void shouldReadEveryValueOfAFolderOfNpyFiles() throws IOException {
    for (Map.Entry<String, byte[]> array : arrays().entrySet()) {
      Files.write(folder.resolve(array.getKey()), array.getValue());
    }

    ImportedNetwork read = NumpyTensors.read(folder);

    assertThat(read.parameters().values()).containsExactly(model.parameters().values());
  }

  @ParameterizedTest
  @CsvSource({"<f4,false", "<f4,true", "<f8,false", "<f8,true", "<f2,false", "<f2,true"})
  void shouldReadEveryDtypeAndOrder(String dtype, boolean columnMajor) throws IOException {
    float[] embedding = model.parameters().copy("embedding.weight"); // (V, 7)
    for (int i = 0; i < embedding.length; i++) {
      embedding[i] = Float16.toFloat(Float16.fromFloat(embedding[i])); // the same in every dtype
    }
    int rows = model.config().vocabSize();
    int columns = 7;
    ByteBuffer values = ByteBuffer.allocate(8 * embedding.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < embedding.length; i++) {
      float value = embedding[columnMajor ? i % rows * columns + i / rows : i];
      switch (dtype) {
        case "<f2" -> values.putShort(Float16.fromFloat(value));
        case "<f4" -> values.putFloat(value);
        default -> values.putDouble(value);
      }
    }
    Map<String, byte[]> arrays = arrays();
    byte[] bytes = Arrays.copyOf(values.array(), values.position());
    arrays.put("embedding.weight.npy", npy(dtype, columnMajor, rows + ", 7", bytes));

    ImportedNetwork read = NumpyTensors.read(npz(arrays));

    assertThat(read.parameters().copy("embedding.weight")).containsExactly(embedding);
  }

  @ParameterizedTest
  @ValueSource(strings = {"sentiment", "next_token"})
  void shouldReportAMissingHeadAndFillItWithZeros(String head) throws IOException {
    Map<String, byte[]> arrays = arrays();
    arrays.keySet().removeIf(name -> name.startsWith(head));

    ImportedNetwork read = NumpyTensors.read(npz(arrays));

    assertThat(read.missing()).extracting(Head::toString).containsExactly(head);
    assertThat(read.parameters().copy(head + ".weight")).containsOnly(0);
    assertThat(read.parameters().copy(head + ".bias"))
        .isEqualTo(head.equals("sentiment") ? new float[] {0, 0x1p-10f, 0} : new float[V]);
    assertThat(read.parameters().copy("rnn.weight_hh_l1"))
        .containsExactly(model.parameters().copy("rnn.weight_hh_l1"));
    assertThat(read.summary())
        .anyMatch(line -> line.startsWith("no " + head + " head in the file"));
  }

  @Test
  void shouldRefuseArraysThatAreMissingOrSurplus() throws IOException {
    Map<String, byte[]> arrays = arrays();
    byte[] bias = arrays.remove("rnn.bias_hh_l1.npy");
    refused(arrays, "weights.npz: must have arrays [rnn.bias_hh_l1], found [embedding.weight,");
    arrays.put("lstm.bias_hh_l1.npy", bias);
    refused(arrays, "found also [lstm.bias_hh_l1]");

    Map<String, byte[]> half = arrays();
    half.remove("sentiment.bias.npy");
    refused(half, "weights.npz: must have arrays [sentiment.bias], found");

    Map<String, byte[]> headless = arrays();
    headless
        .keySet()
        .removeIf(name -> name.startsWith("sentiment") || name.startsWith("next_token"));
    refused(headless, "must have a sentiment or next_token head, found neither");
  }

  @Test
  void shouldRefuseHeadersThatNd4jWouldMisread() throws IOException {
    String name = "sentiment.bias";
    refuse(
        name, bytes -> npy(">f4", false, "3,", new byte[12]), "must have dtype float16, float32");
    refuse(name, bytes -> npy("|O", false, "3,", new byte[12]), "little-endian, found |O");
    refuse(name, bytes -> npy("<i8", false, "3,", new byte[24]), "little-endian, found <i8");
    refuse(
        name,
        bytes -> npy("<f4", false, "3, 1", new byte[12]),
        "must have shape (3,), found (3, 1)");
    refuse(name, bytes -> npy("<f4", false, "", new byte[12]), "must have shape (3,), found ()");
    refuse(
        name,
        bytes -> npy("<f4", false, "99999999999,", new byte[12]),
        "must have shape (3,), found (99999999999,)");
    refuse(
        name,
        bytes -> npy("<f4", false, "3,", new byte[11]),
        "must have 12 bytes of values, found 11");
    refuse(
        name,
        bytes -> npy("<f4", false, "3,", new byte[13]),
        "must have 12 bytes of values, found 13");
    refuse(name, bytes -> Arrays.copyOf(bytes, 60), "must be a whole .npy array, found part of a");
    refuse(name, bytes -> new byte[0], "must be a .npy array of version 1.0, found other bytes");
    refuse(
        name,
        bytes -> changed(bytes, 6, 2),
        "must be a .npy array of version 1.0, found other bytes");
    refuse(name, bytes -> changed(bytes, 12, '!'), "must have a header as NumPy writes it, found ");
    refuse(name, bytes -> new byte[1 << 20], "must have at most 65569 bytes, found more");
  }

  @Test
  void shouldRefuseValuesThatAreNotNumbers() throws IOException {
    ByteBuffer nan = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN).putFloat(4, Float.NaN);
    refuse(
        "sentiment.bias",
        bytes -> npy("<f4", false, "3,", nan.array()),
        "sentiment.bias: value 1 must be a finite float, found NaN");
    ByteBuffer large = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN).putDouble(8, 1e300);
    refuse(
        "sentiment.bias",
        bytes -> npy("<f8", false, "3,", large.array()),
        "sentiment.bias: value 1 must be a finite float, found Infinity");
  }

  @Test
  void shouldRefuseMissingFiles() throws IOException {
    assertThatThrownBy(() -> NumpyTensors.read(folder.resolve("none.npz")))
        .isInstanceOf(NoSuchFileException.class);
    Path npz = npz(arrays());
    Files.delete(folder.resolve("config.json"));
    assertThatThrownBy(() -> NumpyTensors.read(npz))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("must be a checkpoint folder with config.json, found no such file");
    Files.writeString(npz, "x");
    assertThatThrownBy(() -> NumpyTensors.read(npz))
        .isInstanceOf(ImportException.class)
        .hasMessageContaining("weights.npz: must be a whole zip file, found: ");
  }

  private static byte[] changed(byte[] bytes, int at, int value) {
    byte[] changed = bytes.clone();
    changed[at] = (byte) value;
    return changed;
  }

  private void refuse(String name, UnaryOperator<byte[]> change, String message)
      throws IOException {
    Map<String, byte[]> arrays = arrays();
    arrays.computeIfPresent(name + ".npy", (key, bytes) -> change.apply(bytes));
    refused(arrays, message);
  }

  private void refused(Map<String, byte[]> arrays, String message) throws IOException {
    Path npz = npz(arrays);
    assertThatThrownBy(() -> NumpyTensors.read(npz))
        .isInstanceOf(ImportException.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }
}
