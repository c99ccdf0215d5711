package io.undercurrent.measure;

import io.undercurrent.measure.Cluster.Input;
import io.undercurrent.model.Model;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * The parameters of a measurement. Immutable.
 *
 * @param model the loaded model
 * @param modelPath the checkpoint folder from which the application loads the model
 * @param texts the texts of the records, used in turn
 * @param maxTokens tokens read from a record, at most
 * @param records records enriched in each case; the first half warms up the JVM, which compiles for
 *     about 15 seconds
 * @param keys number of keys of these records
 * @param threads stream threads of the application
 * @param out folder for figures, logs and the broker's topics
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

  /** How many of a case's records warm up the JVM. */
  long skipped(long all) {
    return all / 2;
  }

  /** The i-th record: texts and keys in turn, so that neighbouring records have different keys. */
  Input input(long i) {
    byte[] key = ("key-" + i % keys).getBytes(StandardCharsets.UTF_8);
    String text = texts.get((int) (i % texts.size()));
    return new Input(key, Values.json(text));
  }
}
