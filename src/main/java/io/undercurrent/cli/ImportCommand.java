package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.interop.Dl4jNetwork;
import io.undercurrent.interop.Head;
import io.undercurrent.interop.ImportedNetwork;
import io.undercurrent.interop.ImportedVocabulary;
import io.undercurrent.interop.NumpyTensors;
import io.undercurrent.text.Tokenizer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code import}: makes a checkpoint from a model of another library. */
@Command(
    name = "import",
    description = {
      "Make a checkpoint from a DL4J network or from NumPy arrays.",
      "",
      "The checkpoint computes the network's outputs. Networks that it cannot compute are refused;"
          + " docs/importing.md lists what is supported."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent import --dl4j net.zip --vocabulary words.txt --out net",
      "  ./undercurrent import --dl4j a.zip --tokenizer bytes --head sentiment --out m",
      "  ./undercurrent import --numpy net.npz --tokenizer tokenizer.json --out net",
      "",
      "Use the checkpoint like any other model: enrich --model net"
    })
final class ImportCommand implements Callable<Integer> {

  private static final String BYTES = "bytes";

  @ArgGroup(exclusive = true, multiplicity = "1")
  private Origin origin;

  /** What to import. */
  private static final class Origin {

    @ArgGroup(exclusive = false, multiplicity = "1")
    private Dl4j dl4j;

    @Option(
        names = "--numpy",
        required = true,
        paramLabel = "FILE|DIR",
        description =
            "A .npz file, or a folder of .npy files, with arrays named as in a PyTorch state_dict. A"
                + " config.json beside the file, or in the folder, gives the network's shape.")
    private Path numpy;
  }

  /** A network of DL4J. */
  private static final class Dl4j {

    @Option(
        names = "--dl4j",
        required = true,
        paramLabel = "FILE",
        description = "Zip file of a MultiLayerNetwork, written by ModelSerializer.")
    private Path file;

    @Option(
        names = "--head",
        paramLabel = "HEAD",
        description =
            "What the output layer becomes: ${COMPLETION-CANDIDATES} (default: next_token). For"
                + " sentiment it has three outputs: negative, neutral, positive.")
    private Head head = Head.NEXT_TOKEN;
  }

  @Option(
      names = "--tokenizer",
      paramLabel = "bytes|FILE",
      description = "bytes, or a tokenizer.json of this project.")
  private String tokenizer;

  @Option(
      names = "--vocabulary",
      paramLabel = "FILE",
      description =
          "The network's tokens in their order, one a line: words without spaces, or ASCII characters"
              + " with --tokenizer bytes.")
  private Path vocabulary;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name of the model (default: the name in config.json, or the output folder's).")
  private String name;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Checkpoint folder to write; a new or empty folder.")
  private Path out;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    checkTokenizer();
    checkOut();
    PrintWriter err = spec.commandLine().getErr();
    err.println(
        "reading " + (origin.dl4j != null ? origin.dl4j.file : origin.numpy) + " with ND4J ...");
    err.flush();
    ImportedNetwork read = read();
    ImportedVocabulary tokens = vocabulary(read.config().vocabSize());
    ImportedNetwork network = tokens.arrange(read);
    err.println("writing " + out + " ...");
    network.write(out, tokens.tokenizer());
    String fingerprint = Checkpoint.load(out.toString()).fingerprint();
    PrintWriter results = spec.commandLine().getOut();
    network.summary().forEach(results::println);
    results.printf("checkpoint: %s (fingerprint %s)%n", out, fingerprint);
    results.flush();
    return 0;
  }

  private void checkTokenizer() {
    if (tokenizer == null && vocabulary == null) {
      throw new AppException("--tokenizer or --vocabulary must be given, found neither");
    }
    if (tokenizer != null && !tokenizer.equals(BYTES) && vocabulary != null) {
      throw new AppException(
          "--vocabulary must be used alone or with --tokenizer bytes, found --tokenizer "
              + tokenizer);
    }
  }

  private void checkOut() throws IOException {
    if (Files.isDirectory(out)) {
      try (Stream<Path> files = Files.list(out)) {
        if (files.findAny().isEmpty()) {
          return;
        }
      }
    }
    if (Files.exists(out)) {
      throw new AppException(
          "--out must be a new or empty folder, found that " + out + " is not empty");
    }
  }

  private ImportedNetwork read() throws IOException {
    if (origin.dl4j != null) {
      String named =
          name != null ? name : out.toAbsolutePath().normalize().getFileName().toString();
      return Dl4jNetwork.read(origin.dl4j.file, named, origin.dl4j.head);
    }
    ImportedNetwork read = NumpyTensors.read(origin.numpy);
    return name != null ? read.withName(name) : read;
  }

  /**
   * Makes the tokenizer, with the network's id for each token.
   *
   * @param size the network's number of tokens
   */
  private ImportedVocabulary vocabulary(int size) throws IOException {
    if (vocabulary != null) {
      return tokenizer == null
          ? ImportedVocabulary.words(vocabulary)
          : ImportedVocabulary.characters(vocabulary);
    }
    if (tokenizer.equals(BYTES)) {
      return ImportedVocabulary.bytes(size);
    }
    try {
      return ImportedVocabulary.of(Tokenizer.read(Files.readAllBytes(Path.of(tokenizer))));
    } catch (IllegalArgumentException e) {
      throw new AppException(tokenizer + ": " + e.getMessage(), e);
    }
  }
}
