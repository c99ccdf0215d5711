package io.undercurrent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.kernel.Float16;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import io.undercurrent.model.TinyModel;
import io.undercurrent.text.WordTokenizer;
import io.undercurrent.train.ParityCase;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A {@code state_dict} as {@code safetensors.torch.save_file} writes it: tensors by name, with
 * metadata, in any of three dtypes.
 */
class PyTorchCheckpointTest {

  @TempDir private Path folder;

  static List<ParityCase> golden() {
    return ParityCase.golden();
  }

  @ParameterizedTest
  @MethodSource("golden")
  void shouldReadAStateDictAndGiveTheSentimentOfPyTorch(ParityCase one) throws Exception {
    write(one, one.parameters(), "F32");

    Model model = Checkpoint.load(folder.toString());

    HiddenState state = HiddenState.zeros(model.config());
    int row = 1;
    for (int t = 0; t < one.steps(); t++) {
      model.network().step(one.token(t, row), state, model.network().scratch());
    }
    Parameters golden = one.goldenResults();
    int at = golden.offset("output") + ((one.steps() - 1) * one.rows() + row) * one.hidden();
    for (int u = 0; u < one.hidden(); u++) {
      // both compute in floats; gates are exact to 1e-7
      assertThat(state.top()[u]).isCloseTo(golden.values()[at + u], within(2e-6f));
    }
  }

  @ParameterizedTest
  @CsvSource({"F32", "F16", "BF16"})
  void shouldReadEveryValueAsItIs(String dtype) throws IOException {
    ParityCase one = ParityCase.golden().get(0);
    Parameters parameters = one.parameters();
    float[] values = parameters.values();
    for (int i = 0; i < values.length; i++) {
      values[i] = ofDtype(values[i], dtype);
    }
    write(one, parameters, dtype);

    assertThat(Checkpoint.read(folder.toString()).parameters().values()).containsExactly(values);
  }

  private static float ofDtype(float value, String dtype) {
    return switch (dtype) {
      case "F16" -> Float16.toFloat(Float16.fromFloat(value));
      case "BF16" -> Float.intBitsToFloat(Float.floatToRawIntBits(value) & 0xffff0000);
      default -> value;
    };
  }

  private void write(ParityCase one, Parameters parameters, String dtype) throws IOException {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"name": "from-pytorch", "kind": "%s", "vocab_size": %d, "embedding_size": %d,
         "hidden_size": %d, "num_layers": %d, "pooling": "concat",
         "labels": ["negative", "neutral", "positive"], "tokenizer": "tokenizer.json"}
        """
            .formatted(
                one.kind(), one.config().vocabSize(), one.embedding(), one.hidden(), one.layers()));
    Files.write(folder.resolve("tokenizer.json"), WordTokenizer.of(TinyModel.WORDS).toJson());
    Files.write(folder.resolve("model.safetensors"), stateDict(parameters, dtype));
  }

  private static byte[] stateDict(Parameters parameters, String dtype) {
    int bytes = dtype.equals("F32") ? 4 : 2;
    StringBuilder header = new StringBuilder("{\"__metadata__\":{\"format\":\"pt\"}");
    ByteBuffer data =
        ByteBuffer.allocate(bytes * parameters.values().length).order(ByteOrder.LITTLE_ENDIAN);
    List<Tensor> byName =
        parameters.tensors().stream().sorted(Comparator.comparing(Tensor::name)).toList();
    for (Tensor tensor : byName) {
      int begin = data.position();
      for (float value : parameters.copy(tensor.name())) {
        switch (dtype) {
          case "F32" -> data.putFloat(value);
          case "F16" -> data.putShort(Float16.fromFloat(value));
          default -> data.putShort((short) (Float.floatToRawIntBits(value) >>> 16));
        }
      }
      String shape =
          Arrays.stream(tensor.shape())
              .mapToObj(Integer::toString)
              .collect(Collectors.joining(","));
      header.append(
          ",\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
              .formatted(tensor.name(), dtype, shape, begin, data.position()));
    }
    header.append('}');
    header.append(" ".repeat((8 - header.length() % 8) % 8));
    ByteBuffer length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    length.putLong(header.length());
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes(length.array());
    file.writeBytes(header.toString().getBytes(StandardCharsets.US_ASCII));
    file.writeBytes(data.array());
    return file.toByteArray();
  }
}
