package io.undercurrent.measure;

import io.undercurrent.measure.Cluster.Input;
import io.undercurrent.model.Model;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * What is measured, and where the figures go.
 *
 * @param model loaded; {@code modelPath} is what the application loads it from
 * @param texts of the records, in turn
 * @param maxTokens that are read of a record
 * @param records that are enriched in each case, half of them to warm the JVM up: it compiles for a
 *     quarter of a minute
 * @param keys that they are spread over
 * @param threads stream threads of the application
 * @param out where figures, logs and the broker's topics go
 */
public record Setup(
    Model model,
    String modelPath,
    List<String> texts,
    int maxTokens,
    long records,
    int keys,
    int threads,
    Path out) {

  /** How many of a case's records warm the JVM up. */
  long skipped(long all) {
    return all / 2;
  }

  /** Texts and keys in turn: neighbours have different keys. */
  Input input(long i) {
    byte[] key = ("key-" + i % keys).getBytes(StandardCharsets.UTF_8);
    String text = texts.get((int) (i % texts.size()));
    return new Input(key, Values.json(text));
  }
}
