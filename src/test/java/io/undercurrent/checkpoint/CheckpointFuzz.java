package io.undercurrent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import io.undercurrent.fuzz.OneLineMessage;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.TinyModel;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A checkpoint folder with any bytes for one of its files. */
public final class CheckpointFuzz implements FuzzTarget {

  private static final List<String> FILES =
      List.of("config.json", "tokenizer.json", "model.safetensors", ReferenceJson.FILE);

  private final Path folder;
  private final List<byte[]> whole = new ArrayList<>();

  /** Writes a whole checkpoint into a temporary folder. */
  public CheckpointFuzz() {
    try {
      folder = Files.createTempDirectory("checkpoint");
      TinyModel tiny = TinyModel.looking(new Attention(2, 3), new Cache(4, 2, 0.3f), 7);
      Checkpoint.write(folder, tiny.config(), tiny.tokenizer(), tiny.parameters(), true);
      String fingerprint = Checkpoint.read(folder.toString()).fingerprint();
      Files.writeString(folder.resolve(ReferenceJson.FILE), reference(fingerprint));
      for (String name : FILES) {
        whole.add(Files.readAllBytes(folder.resolve(name)));
        folder.resolve(name).toFile().deleteOnExit();
      }
      folder.toFile().deleteOnExit();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String reference(String fingerprint) {
    String histogram = "{\"edges\": [0, 1], \"shares\": [0.25, 0.5, 0.25]}";
    return """
        {"model": {"name": "tiny", "fingerprint": "%s"}, "records": 5,
         "score": %s, "surprise": %s, "unknown": %s}
        """
        .formatted(fingerprint, histogram, histogram, histogram);
  }

  /** Choice: the file. */
  @Override
  public void read(byte[] bytes) throws IOException {
    Input input = new Input(bytes);
    int file = input.choice(FILES.size());
    Path changed = folder.resolve(FILES.get(file));
    try {
      Files.write(changed, input.rest());
      Model model = Checkpoint.load(folder.toString());
      assertThat(model.fingerprint()).hasSize(12);
      assertThat(model.initialState()).isNotNull();
    } catch (CheckpointException e) {
      OneLineMessage.check(e);
    } finally {
      Files.write(changed, whole.get(file));
    }
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (int file = 0; file < FILES.size(); file++) {
      seeds.add(Input.of(file, whole.get(file)));
    }
    seeds.add(Input.of(0, "{}".getBytes(StandardCharsets.UTF_8)));
    return seeds;
  }

  /** A whole checkpoint is read, and its weights are packed. */
  @Override
  public long maxAllocation(int inputBytes) {
    return (16L << 20) + 4_000L * inputBytes;
  }
}
