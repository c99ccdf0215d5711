package io.undercurrent.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import io.undercurrent.fuzz.OneLineMessage;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Tensor;
import io.undercurrent.model.TinyModel;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.factory.Nd4j;

/** Any bytes as a foreign model: arrays of NumPy and ND4J, zip files of both, vocabularies. */
public final class ImportFuzz implements FuzzTarget {

  private static final float[] VALUES = {1, -2, 3, 4, -5, 6};

  private final Path folder;
  private final Path file;

  /** Makes a temporary folder. */
  public ImportFuzz() {
    try {
      folder = Files.createTempDirectory("import");
      file = folder.resolve("foreign");
      TinyModel tiny = model();
      Checkpoint.write(folder, tiny.config(), tiny.tokenizer(), tiny.parameters(), true);
      for (String name : List.of("config.json", "tokenizer.json", "model.safetensors", "foreign")) {
        folder.resolve(name).toFile().deleteOnExit();
      }
      folder.toFile().deleteOnExit();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static TinyModel model() {
    return TinyModel.of(2, 2, 1, Pooling.LAST, 42);
  }

  /** Choice: the format. */
  @Override
  public void read(byte[] bytes) throws IOException {
    Input input = new Input(bytes);
    int format = input.choice(6);
    byte[] foreign = input.rest();
    Files.write(file, foreign);
    try {
      switch (format) {
        case 0 -> assertThat(Nd4jArrays.npy("a", foreign, 2, 3)).hasSize(6);
        case 1 -> assertThat(Nd4jArrays.vector("a", foreign, VALUES.length)).hasSize(6);
        case 2 -> assertThat(NumpyTensors.read(file).config().hiddenSize()).isEqualTo(2);
        case 3 -> assertThat(Dl4jNetwork.read(file, "n", Head.NEXT_TOKEN).config()).isNotNull();
        case 4 -> assertThat(ImportedVocabulary.words(file).tokenizer().size()).isPositive();
        default -> assertThat(ImportedVocabulary.characters(file).tokenizer().size()).isPositive();
      }
    } catch (ImportException e) {
      OneLineMessage.check(e);
    }
  }

  @Override
  public List<byte[]> seeds() throws IOException {
    ByteArrayOutputStream vector = new ByteArrayOutputStream();
    Nd4j.write(Nd4j.createFromArray(VALUES), new DataOutputStream(vector));
    Map<String, byte[]> arrays = new LinkedHashMap<>();
    for (Tensor tensor : model().config().tensors()) {
      long[] shape = Arrays.stream(tensor.shape()).asLongStream().toArray();
      arrays.put(
          tensor.name() + ".npy",
          Nd4j.toNpyByteArray(Nd4j.create(model().parameters().copy(tensor.name()), shape, 'c')));
    }
    byte[] network =
        Files.readAllBytes(
            Dl4jFiles.write(
                Dl4jFiles.network(
                    2,
                    Dl4jFiles.embedding(5, 2, false),
                    Dl4jFiles.lstm(2, 2),
                    Dl4jFiles.output(2, 5)),
                file));
    return List.of(
        Input.of(0, Nd4j.toNpyByteArray(Nd4j.createFromArray(VALUES).reshape(2, 3))),
        Input.of(1, vector.toByteArray()),
        Input.of(2, Files.readAllBytes(Dl4jFiles.zip(file, arrays))),
        Input.of(3, network),
        Input.of(4, Input.of("<end>\n<unk>\nthe\ngood\n")),
        Input.of(5, Input.of("a\n\\n\n\\s\n\\x41\n")));
  }

  /** A whole network is read. */
  @Override
  public long maxAllocation(int inputBytes) {
    return (16L << 20) + 4_000L * inputBytes;
  }
}
