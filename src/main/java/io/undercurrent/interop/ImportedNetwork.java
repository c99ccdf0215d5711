package io.undercurrent.interop;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import io.undercurrent.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A foreign network as one of ours. Immutable, except that the parameters are not copied.
 *
 * @param source the file's name, for the model card
 * @param config its shape
 * @param parameters its tensors, those of {@code config}
 * @param missing heads that the file lacks; their tensors are zeros, so that all outputs are
 *     equally likely
 * @param notes what somebody should know of it, a sentence each
 */
public record ImportedNetwork(
    String source,
    ModelConfig config,
    Parameters parameters,
    List<Head> missing,
    List<String> notes) {

  /** A tie-break: {@code neutral} gets 0.3336 and each of the others 0.3332. */
  private static final float NEUTRAL_BIAS = 0x1p-10f;

  /** What an array of bytes holds, less the header of the file that the parameters go into. */
  private static final long MAX_PARAMETERS = (Integer.MAX_VALUE - (2L << 20)) / Float.BYTES;

  public ImportedNetwork {
    missing = List.copyOf(missing);
    notes = List.copyOf(notes);
  }

  /**
   * A network as it was read.
   *
   * @param parameters all but those of missing heads, which are zeros. A missing next-token head
   *     stays so: every token is equally likely. A missing sentiment head gets the bias that makes
   *     {@code neutral} its label, with score 0.
   */
  static ImportedNetwork of(
      String source, ModelConfig config, Parameters parameters, List<Head> missing) {
    if (missing.contains(Head.SENTIMENT)) {
      int neutral = config.labels().indexOf("neutral");
      parameters.values()[parameters.offset("sentiment.bias") + neutral] = NEUTRAL_BIAS;
    }
    return new ImportedNetwork(source, config, parameters, missing, List.of());
  }

  /**
   * Parameters of a shape that a foreign file asks for, all zero.
   *
   * @throws ImportException if they are too many for a checkpoint
   */
  static Parameters parameters(String file, ModelConfig config) {
    long size = 0;
    for (var tensor : config.tensors()) {
      long product = 1;
      for (int d : tensor.shape()) {
        product *= d; // two sizes, each of an int
      }
      size += product;
    }
    if (size > MAX_PARAMETERS) {
      throw new ImportException(
          file + ": must have at most " + MAX_PARAMETERS + " parameters here, found " + size);
    }
    return new Parameters(config.tensors());
  }

  /** The same under another name. */
  public ImportedNetwork withName(String name) {
    return new ImportedNetwork(source, config.withName(name), parameters, missing, notes);
  }

  /**
   * Writes a checkpoint folder with a model card.
   *
   * @param tokenizer of as many tokens as the network has
   */
  public void write(Path folder, Tokenizer tokenizer) throws IOException {
    Checkpoint.write(folder, config, tokenizer, parameters, false);
    Files.writeString(folder.resolve("README.md"), card());
  }

  /** What the network is and lacks, a sentence a line. */
  public List<String> summary() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "%s, %s of %d units, %,d tokens, %,d parameters"
            .formatted(
                config.kind(),
                config.numLayers() == 1 ? "1 layer" : config.numLayers() + " layers",
                config.hiddenSize(),
                config.vocabSize(),
                parameters.values().length));
    if (missing.contains(Head.NEXT_TOKEN)) {
      lines.add(
          "no next_token head in the file: here every token is equally likely, and surprise says"
              + " nothing");
    }
    if (missing.contains(Head.SENTIMENT)) {
      lines.add("no sentiment head in the file: here every record is neutral, with score 0");
    }
    lines.addAll(notes);
    return lines;
  }

  private String card() {
    StringBuilder card =
        new StringBuilder("# " + config.name() + "\n\nImported from `" + source + "`");
    card.append(" by `./undercurrent import`; it was not trained by this project.\n\n");
    summary().forEach(line -> card.append("- ").append(line).append('\n'));
    card.append("\nFill in: the data it was trained on, its licence, its scores and its limits.\n");
    return card.toString();
  }
}
