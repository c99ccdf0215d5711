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
 * A tokenizer for an imported network, with the network's token id for each of its tokens.
 * Immutable.
 *
 * <p>A foreign vocabulary has its own order. Our tokenizers need a token for the end of a record
 * and one for unknown words. If the network lacks such a token, it is added: its embedding is zero,
 * so that the layers read no input, and its probability is close to 0.
 */
public final class ImportedVocabulary {

  private static final int ADDED = -1;

  /**
   * The logit of an added token, relative to the likeliest token's: it is at most e^-20 = 2e-9
   * times as likely.
   */
  private static final float ADDED_LOGIT = -20;

  private static final int MAX_BYTES = 64 << 20;

  private final Tokenizer tokenizer;
  private final int[] sources; // (tokenizer.size()) id in the network, or ADDED
  private final int size; // number of the network's tokens

  private ImportedVocabulary(Tokenizer tokenizer, int[] sources, int size) {
    this.tokenizer = tokenizer;
    this.sources = sources;
    this.size = size;
  }

  /** The vocabulary of a network that already uses the tokenizer's ids. */
  public static ImportedVocabulary of(Tokenizer tokenizer) {
    int size = tokenizer.size();
    return new ImportedVocabulary(tokenizer, IntStream.range(0, size).toArray(), size);
  }

  /**
   * The vocabulary of a network over bytes of UTF-8. It has 256 tokens, which are the bytes, or the
   * 257 tokens of {@link ByteTokenizer}.
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
   * The vocabulary of a network over single ASCII characters, which are read as bytes.
   *
   * @param file one character a line, in the network's order: the character itself, or one of
   *     {@code \n \r \t \s \\} and {@code \xHH}
   * @throws ImportException if a line is anything else, or occurs twice
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
   * The vocabulary of a network over words that are separated by spaces.
   *
   * @param file one word a line, in the network's order; {@code <end>} and {@code <unk>} may be at
   *     any line, and are added if they are missing
   * @throws ImportException if a line is empty, has spaces, or occurs twice
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
      sources[i] = lines.indexOf(first.get(i)); // ADDED (-1) if it is missing
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
   * Puts the network's tokens in the tokenizer's order. The probabilities of its own tokens are
   * unchanged, except that each added token takes less than 1e-8.
   *
   * @throws ImportException if the network has another number of tokens, or its tokens cannot be
   *     moved
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
              + ": next_token.cutoffs must be left out if tokens are moved or added, found "
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
              + ", with a zero embedding and a probability close to 0: "
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
   * Sets the biases of added tokens, whose weights are zero. |h| is at most 1, so logit v is at
   * least b_v - |W_v|_1 (or b_v - |W_v|_1 max_e |P_e|_1 if P projects h first). The bias is 20
   * below the largest of these bounds, so an added token is unlikely in every state.
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

  /** The L1 norm. */
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
