package io.undercurrent.interop;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.Labels;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import io.undercurrent.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A foreign network, converted to one of ours. Immutable, except that the parameters are not
 * copied.
 *
 * @param source the file's name, for the model card
 * @param config the network's configuration
 * @param parameters the tensors of {@code config}
 * @param missing heads that the file lacks; their weights are zeros
 * @param notes notes for the user, one sentence each
 */
public record ImportedNetwork(
    String source,
    ModelConfig config,
    Parameters parameters,
    List<Head> missing,
    List<String> notes) {

  /**
   * Makes {@code neutral} the likeliest label of a missing sentiment head: 0.3336 against 0.3332.
   */
  private static final float NEUTRAL_BIAS = 0x1p-10f;

  /** The most parameters that fit a checkpoint's file: the largest byte array, less its header. */
  private static final long MAX_PARAMETERS = (Integer.MAX_VALUE - (2L << 20)) / Float.BYTES;

  public ImportedNetwork {
    missing = List.copyOf(missing);
    notes = List.copyOf(notes);
  }

  /**
   * Makes a network from what was read.
   *
   * @param parameters the parameters; those of missing heads are zeros. With a missing next-token
   *     head every token is equally likely. A missing sentiment head gets a bias that makes {@code
   *     neutral} its label, with score 0.
   */
  static ImportedNetwork of(
      String source, ModelConfig config, Parameters parameters, List<Head> missing) {
    if (missing.contains(Head.SENTIMENT)) {
      int neutral = config.labels().indexOf(Labels.NEUTRAL);
      parameters.values()[parameters.offset("sentiment.bias") + neutral] = NEUTRAL_BIAS;
    }
    return new ImportedNetwork(source, config, parameters, missing, List.of());
  }

  /**
   * Allocates the parameters of a configuration that comes from a foreign file. All are zero.
   *
   * @throws ImportException if they are too many for a checkpoint
   */
  static Parameters parameters(String file, ModelConfig config) {
    long size = 0;
    for (var tensor : config.tensors()) {
      long product = 1;
      for (int d : tensor.shape()) {
        product *= d; // cannot overflow: at most two sizes, each an int
      }
      size += product;
    }
    if (size > MAX_PARAMETERS) {
      throw new ImportException(
          file + ": must have at most " + MAX_PARAMETERS + " parameters here, found " + size);
    }
    return new Parameters(config.tensors());
  }

  /** This network under another name. */
  public ImportedNetwork withName(String name) {
    return new ImportedNetwork(source, config.withName(name), parameters, missing, notes);
  }

  /**
   * Writes a checkpoint folder with a model card.
   *
   * @param tokenizer a tokenizer with as many tokens as the network
   */
  public void write(Path folder, Tokenizer tokenizer) throws IOException {
    Checkpoint.write(folder, config, tokenizer, parameters, false);
    Files.writeString(folder.resolve("README.md"), card());
  }

  /** Describes the network and its missing heads, one sentence a line. */
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
          "no next_token head in the file: every token is equally likely, and surprise is constant");
    }
    if (missing.contains(Head.SENTIMENT)) {
      lines.add("no sentiment head in the file: every record is neutral, with score 0");
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
