package io.undercurrent.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.app.AppException;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.Generator;
import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.inference.Sampling;
import io.undercurrent.io.Json;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code generate}: continues a text. */
@Command(
    name = "generate",
    description = {
      "Continue a text, or list its likeliest next words.",
      "",
      "The prompt is the start of a record; an empty prompt asks for a whole record. The text ends"
          + " at the end of the record or after --max-tokens tokens. --temperature, --top-k and"
          + " --top-p work as in Hugging Face's generate, and apply in this order."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent generate --prompt 'i think this movie' --seed 1 --count 3",
      "  ./undercurrent generate --prompt 'thank you so' --next 5",
      "  ./undercurrent generate --history chat.txt --prompt '' --top-p 0.9"
    })
final class GenerateCommand implements Callable<Integer> {

  private static final int MAX_NEXT = 1000;
  private static final int MAX_COUNT = 10_000;
  private static final int MAX_TOKENS = 1_000_000;

  private static final List<String> WRITING_OPTIONS =
      List.of(
          "--max-tokens", "--records", "--count", "--seed", "--temperature", "--top-k", "--top-p");

  @Option(
      names = "--model",
      paramLabel = "DIR",
      defaultValue = Checkpoint.DEFAULT,
      description = "Checkpoint folder (default: ${DEFAULT-VALUE}).")
  private String model;

  @Option(
      names = "--prompt",
      paramLabel = "TEXT",
      description = "Text to continue (default: all of standard input).")
  private String prompt;

  @Option(
      names = "--history",
      paramLabel = "FILE",
      description =
          "Earlier records of the key, oldest first: JSON lines with the fields key and text, or plain"
              + " lines.")
  private Path history;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description = "Read only this key's records of --history. Required if it has several keys.")
  private String key;

  @Option(
      names = "--next",
      paramLabel = "N",
      description = "Print the N likeliest next tokens with their probabilities, and no text.")
  private Integer next;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Tokens to write, at most (default: ${DEFAULT-VALUE}).")
  private int maxTokens = 100;

  @Option(
      names = "--records",
      paramLabel = "N",
      description = "Records to write, including the prompt's (default: ${DEFAULT-VALUE}).")
  private int records = 1;

  @Option(
      names = "--count",
      paramLabel = "N",
      description = "Continuations to write (default: ${DEFAULT-VALUE}).")
  private int count = 1;

  @Option(
      names = "--temperature",
      paramLabel = "T",
      description =
          "Below 1 favours likely tokens, above 1 unlikely ones; 0 always takes the likeliest token"
              + " (default: ${DEFAULT-VALUE}).")
  private double temperature = Sampling.DEFAULTS.temperature();

  @Option(
      names = "--top-k",
      paramLabel = "K",
      description = "Choose among the K likeliest tokens; 0 for all (default: ${DEFAULT-VALUE}).")
  private int topK = Sampling.DEFAULTS.topK();

  @Option(
      names = "--top-p",
      paramLabel = "P",
      description =
          "Choose among the likeliest tokens that together have this probability (default:"
              + " ${DEFAULT-VALUE}, all tokens).")
  private double topP = Sampling.DEFAULTS.topP();

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Seed: the same seed gives the same text (default: a new seed each time).")
  private Long seed;

  @Option(names = "--json", description = "Print JSON lines.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    run(
        System.in,
        new PrintStream(new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8));
    return 0;
  }

  void run(InputStream in, PrintStream out) throws IOException {
    checkOptions();
    Sampling sampling = new Sampling(temperature, topK, topP);
    Model loaded = Heap.load(model);
    HiddenState state = loaded.initialState();
    if (history != null) {
      int limit = EnrichmentSettings.DEFAULTS.maxTokens();
      Inference inference = new Inference(loaded, limit, 0, false);
      for (String text : History.read(history, key)) {
        inference.read(text, state);
      }
    }
    String start = prompt != null ? prompt : prompt(in);
    Generator generator = new Generator(loaded);
    Generator.Prompt read = generator.read(start, state);
    if (next != null) {
      printNext(generator.next(state, next), loaded, out);
      return;
    }
    long from = seed != null ? seed : new SplittableRandom().nextLong();
    SplittableRandom random = new SplittableRandom(from);
    for (int i = 0; i < count; i++) {
      Generator.Continuation continuation =
          generator.write(read, state.copy(), sampling, maxTokens, records, random.split());
      out.println(
          json
              ? json(continuation, start, from, i)
              : printable(start + String.join("\n", continuation.records())));
      out.flush();
    }
  }

  private void checkOptions() {
    range("--max-tokens", maxTokens, MAX_TOKENS);
    range("--records", records, MAX_TOKENS);
    range("--count", count, MAX_COUNT);
    if (next != null) {
      range("--next", next, MAX_NEXT);
      for (String option : WRITING_OPTIONS) {
        check(
            !spec.commandLine().getParseResult().hasMatchedOption(option),
            option + " must be left out with --next, which writes no text");
      }
    }
    check(key == null || history != null, "--key must be used with --history");
  }

  private static void range(String option, int value, int max) {
    check(value >= 1 && value <= max, option + " must be from 1 to " + max + ", found " + value);
  }

  private static void check(boolean holds, String message) {
    if (!holds) {
      throw new AppException(message);
    }
  }

  /** Reads standard input and drops the line end that a shell adds. */
  private static String prompt(InputStream in) throws IOException {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(in.readAllBytes())).toString();
      return text.replaceFirst("\r?\n\\z", "");
    } catch (CharacterCodingException e) {
      throw new AppException("standard input must be UTF-8, found other bytes", e);
    }
  }

  private void printNext(List<NextToken> words, Model loaded, PrintStream out) {
    for (NextToken word : words) {
      String token = loaded.tokenizer().token(word.id());
      out.println(
          json
              ? Json.STRICT
                  .createObjectNode()
                  .put("token", token)
                  .put("probability", word.probability())
              : String.format(Locale.ROOT, "%.4f  %s", word.probability(), token));
    }
    out.flush();
  }

  private static String json(Generator.Continuation written, String prompt, long seed, int index) {
    ObjectNode node = Json.STRICT.createObjectNode();
    node.put("prompt", prompt);
    ArrayNode records = node.putArray("continuation");
    written.records().forEach(records::add);
    node.put("tokens", written.tokens()).put("ended", written.ended());
    return node.put("seed", seed).put("index", index).toString();
  }

  /**
   * Replaces control characters, so that a generated text cannot move the cursor or start an escape
   * code.
   */
  private static String printable(String text) {
    StringBuilder printable = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              if (c < ' ' && c != '\n' && c != '\t' || c >= 0x7f && c < 0xa0) {
                printable.append(String.format("\\x%02x", c));
              } else {
                printable.appendCodePoint(c);
              }
            });
    return printable.toString();
  }
}
