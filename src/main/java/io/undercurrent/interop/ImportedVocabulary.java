package io.undercurrent.interop;

import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import io.undercurrent.text.ByteTokenizer;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.text.WhitespaceTokenizer;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * A tokenizer for an imported network, and which of the network's tokens each of its tokens is.
 * Immutable.
 *
 * <p>Foreign vocabularies have their own order, and often nothing for the end of a record or for an
 * unknown word, which our tokenizers need. Such a token is added: its embedding is zero, so it
 * moves the state as no input would, and it is never predicted.
 */
public final class ImportedVocabulary {

  private static final int ADDED = -1;

  /** How much less likely an added token is than the likeliest at least: e^-20 = 2e-9. */
  private static final float ADDED_LOGIT = -20;

  private static final int MAX_BYTES = 64 << 20;

  private final Tokenizer tokenizer;
  private final int[] sources; // (tokenizer.size()) id in the network, or ADDED
  private final int size; // tokens of the network

  private ImportedVocabulary(Tokenizer tokenizer, int[] sources, int size) {
    this.tokenizer = tokenizer;
    this.sources = sources;
    this.size = size;
  }

  /** A vocabulary that is the tokenizer's own. */
  public static ImportedVocabulary of(Tokenizer tokenizer) {
    int size = tokenizer.size();
    return new ImportedVocabulary(tokenizer, IntStream.range(0, size).toArray(), size);
  }

  /**
   * The bytes of UTF-8, for a network of 256 tokens, which are the bytes, or of 257, which are
   * those of {@link ByteTokenizer}.
   *
   * @throws ImportException for another size
   */
  public static ImportedVocabulary bytes(int size) {
    if (size == ByteTokenizer.SIZE) {
      return of(new ByteTokenizer());
    }
    if (size != 256) {
      throw new ImportException("a network over bytes must have 256 or 257 tokens, found " + size);
    }
    int[] sources = new int[ByteTokenizer.SIZE];
    sources[0] = ADDED;
    for (int b = 0; b < size; b++) {
      sources[1 + b] = b;
    }
    return new ImportedVocabulary(new ByteTokenizer(), sources, size);
  }

  /**
   * A network over single ASCII characters, read as bytes.
   *
   * @param file a character a line, in the network's order: itself, or one of {@code \n \r \t \s
   *     \\} and {@code \xHH}
   * @throws ImportException if a line is something else or there twice
   */
  public static ImportedVocabulary characters(Path file) throws IOException {
    List<String> lines = lines(file);
    int[] sources = new int[ByteTokenizer.SIZE];
    Arrays.fill(sources, ADDED);
    for (int i = 0; i < lines.size(); i++) {
      int c = character(lines.get(i));
      if (c < 0 || sources[1 + c] != ADDED) {
        throw new ImportException(
            file
                + ": line "
                + (i + 1)
                + " must be an ASCII character (or \\n, \\r, \\t, \\s, \\\\, \\xHH) that is not listed"
                + " before, found '"
                + lines.get(i)
                + "'");
      }
      sources[1 + c] = i;
    }
    return new ImportedVocabulary(new ByteTokenizer(), sources, lines.size());
  }

  private static int character(String line) {
    if (line.length() == 1 && line.charAt(0) < 0x80 && line.charAt(0) != '\\') {
      return line.charAt(0);
    }
    if (line.matches("\\\\x[0-7][0-9a-fA-F]")) {
      return Integer.parseInt(line.substring(2), 16);
    }
    return switch (line) {
      case "\\n" -> '\n';
      case "\\r" -> '\r';
      case "\\t" -> '\t';
      case "\\s" -> ' ';
      case "\\\\" -> '\\';
      default -> -1;
    };
  }

  /**
   * A network over words, which stand between spaces.
   *
   * @param file a word a line, in the network's order; {@code <end>} and {@code <unk>} may stand
   *     anywhere among them and are added if they do not
   * @throws ImportException if a line is empty, has spaces, or is there twice
   */
  public static ImportedVocabulary words(Path file) throws IOException {
    List<String> lines = lines(file);
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (line.isEmpty() || line.indexOf(' ') >= 0 || !seen.add(line)) {
        throw new ImportException(
            file
                + ": line "
                + (i + 1)
                + " must be a word without spaces that is not listed before, found '"
                + line
                + "'");
      }
    }
    List<String> first = List.of(WhitespaceTokenizer.END_OF_RECORD, WhitespaceTokenizer.UNKNOWN);
    List<String> tokens = new ArrayList<>(first);
    lines.stream().filter(line -> !first.contains(line)).forEach(tokens::add);
    int[] sources = new int[tokens.size()];
    int next = first.size();
    for (int i = 0; i < first.size(); i++) {
      sources[i] = lines.indexOf(first.get(i)); // ADDED if it is not there
    }
    for (int i = 0; i < lines.size(); i++) {
      if (!first.contains(lines.get(i))) {
        sources[next++] = i;
      }
    }
    return new ImportedVocabulary(WhitespaceTokenizer.of(tokens), sources, lines.size());
  }

  private static List<String> lines(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new ImportException(
          file + ": must have at most " + MAX_BYTES + " bytes, found " + Files.size(file));
    }
    try {
      return Files.readAllLines(file, StandardCharsets.UTF_8);
    } catch (CharacterCodingException e) {
      throw new ImportException(file + ": must be UTF-8, found other bytes", e);
    }
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  /**
   * The network with its tokens in the tokenizer's order. Outputs for its own tokens stay as they
   * are, but for the share of less than 1e-8 that an added token takes.
   *
   * @throws ImportException if it has another number of tokens, or if they cannot be moved
   */
  public ImportedNetwork arrange(ImportedNetwork network) {
    ModelConfig config = network.config();
    if (config.vocabSize() != size) {
      throw new ImportException(
          network.source()
              + ": must have the vocabulary's "
              + size
              + " tokens, found "
              + config.vocabSize());
    }
    if (Arrays.equals(sources, IntStream.range(0, size).toArray())) {
      return network;
    }
    if (config.nextToken().clusters() > 0) {
      throw new ImportException(
          network.source()
              + ": next_token.cutoffs must be left out where tokens are moved or added, found "
              + config.nextToken().cutoffs());
    }
    ModelConfig arranged = withVocabSize(config, sources.length);
    Parameters from = network.parameters();
    Parameters to = ImportedNetwork.parameters(network.source(), arranged);
    for (Tensor tensor : config.tensors()) {
      String name = tensor.name();
      if (name.equals("embedding.weight")
          || name.equals(config.headWeight())
          || name.equals(config.headBias())) {
        moveRows(from, to, name, tensor.size() / size);
      } else {
        System.arraycopy(
            from.values(), from.offset(name), to.values(), to.offset(name), tensor.size());
      }
    }
    List<String> notes = new ArrayList<>(network.notes());
    List<String> added =
        IntStream.range(0, sources.length)
            .filter(id -> sources[id] == ADDED)
            .mapToObj(tokenizer::token)
            .toList();
    if (!added.isEmpty()) {
      if (!network.missing().contains(Head.NEXT_TOKEN)) {
        biasAgainstAdded(config, from, to);
      }
      notes.add(
          (added.size() == 1 ? "1 added token" : added.size() + " added tokens")
              + ", without input and with next to no probability: "
              + String.join(" ", added.subList(0, Math.min(8, added.size())))
              + (added.size() > 8 ? " ..." : ""));
    }
    return new ImportedNetwork(network.source(), arranged, to, network.missing(), notes);
  }

  private void moveRows(Parameters from, Parameters to, String name, int width) {
    for (int id = 0; id < sources.length; id++) {
      if (sources[id] != ADDED) {
        System.arraycopy(
            from.values(),
            from.offset(name) + sources[id] * width,
            to.values(),
            to.offset(name) + id * width,
            width);
      }
    }
  }

  /**
   * Biases of added tokens, whose weights are zero. |h| is at most 1, so logit v is at least b_v -
   * |W_v|_1 (or, where h is projected by P first, b_v - |W_v|_1 max_e |P_e|_1): below the largest
   * of these bounds an added token is unlikely in every state.
   */
  private void biasAgainstAdded(ModelConfig config, Parameters from, Parameters to) {
    float[] weights = from.copy(config.headWeight());
    float[] biases = from.copy(config.headBias());
    int width = weights.length / size;
    double scale =
        config.projected()
            ? maxRowNorm(from.copy("next_token.projection.weight"), width, config.hiddenSize())
            : 1;
    double bound = Double.NEGATIVE_INFINITY;
    for (int v = 0; v < size; v++) {
      bound = Math.max(bound, biases[v] - scale * norm(weights, v * width, width));
    }
    for (int id = 0; id < sources.length; id++) {
      if (sources[id] == ADDED) {
        to.values()[to.offset(config.headBias()) + id] = (float) bound + ADDED_LOGIT;
      }
    }
  }

  private static double maxRowNorm(float[] matrix, int rows, int columns) {
    double max = 0;
    for (int r = 0; r < rows; r++) {
      max = Math.max(max, norm(matrix, r * columns, columns));
    }
    return max;
  }

  /** Sum of absolute values. */
  private static double norm(float[] values, int from, int n) {
    double sum = 0;
    for (int i = from; i < from + n; i++) {
      sum += Math.abs(values[i]);
    }
    return sum;
  }

  private static ModelConfig withVocabSize(ModelConfig config, int vocabSize) {
    return new ModelConfig(
        config.name(),
        config.kind(),
        vocabSize,
        config.embeddingSize(),
        config.hiddenSize(),
        config.numLayers(),
        config.window(),
        config.pooling(),
        config.nextToken(),
        config.attention(),
        config.cache());
  }
}
