package io.undercurrent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.KeyState;
import io.undercurrent.inference.Message;
import io.undercurrent.io.Json;
import io.undercurrent.io.Lines;
import io.undercurrent.io.Lines.Line;
import io.undercurrent.io.MalformedJsonException;
import io.undercurrent.model.Model;
import io.undercurrent.model.StatePrecision;
import io.undercurrent.streams.EnrichedRecordSerde;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import org.apache.kafka.common.serialization.Serializer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "enrich",
    description = {
      "Enrich JSON lines from standard input, without Kafka, through the topology's code.",
      "",
      "A line is {\"key\": ..., \"text\": ..., \"timestamp\": ...}; timestamp (epoch ms) and source"
          + " may be missing, and a text of null forgets the key. keyEncoding says how key gives"
          + " the key's bytes, as source.keyEncoding of a topology: text (if it is missing),"
          + " base64, long, integer, short or uuid. A bad line is reported on standard error with"
          + " its number, the others go on, and the exit code is 1."
    },
    footer = {
      "",
      "Example:",
      "  printf '{\"key\":\"a\",\"text\":\"not bad at all\"}\\n' | ./undercurrent enrich"
    })
final class EnrichCommand implements Callable<Integer> {

  /** The fields of a line that are read. */
  private static final Set<String> FIELDS =
      Set.of("key", "keyEncoding", "text", "timestamp", "source");

  private static final long PROGRESS_NANOS = 10_000_000_000L;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      defaultValue = Checkpoint.DEFAULT,
      description = "A checkpoint folder (default: ${DEFAULT-VALUE}).")
  private String model;

  @Option(names = "--fresh-state", description = "Forget between records.")
  private boolean freshState;

  @Option(
      names = "--explain",
      description = "Print what each record was drawn from in words, not JSON.")
  private boolean explain;

  @Option(
      names = "--next",
      paramLabel = "N",
      description = "Next tokens to report (default: 8, as topology/enrich.yaml has it).")
  private Integer next;

  @Option(
      names = "--max-tokens",
      paramLabel = "N",
      description = "Tokens read of a record (default: ${DEFAULT-VALUE}).")
  private int maxTokens = EnrichmentSettings.DEFAULTS.maxTokens();

  @Option(
      names = "--half-life",
      paramLabel = "TOKENS",
      description = "Half-life of the conversation's score (default: ${DEFAULT-VALUE}).")
  private double halfLifeTokens = EnrichmentSettings.DEFAULTS.halfLifeTokens();

  @Option(
      names = "--state-precision",
      paramLabel = "PRECISION",
      description =
          "Of h from record to record, as undercurrent.state.precision: fp16 or fp32 (default: what"
              + " suits the model).")
  private StatePrecision statePrecision; // or null

  @Override
  public Integer call() throws IOException {
    Model loaded = Heap.load(model);
    if (statePrecision != null) {
      loaded = loaded.withStatePrecision(statePrecision);
    }
    EnrichmentSettings settings =
        EnrichmentSettings.DEFAULTS
            .withNextTokens(next != null ? next : TopologyDefinition.shipped().nextTokens())
            .withMaxTokens(maxTokens)
            .withHalfLifeTokens(halfLifeTokens);
    return new Session(new Enrichment(loaded, settings), freshState, explain, progress())
        .run(
            new BufferedInputStream(System.in),
            new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16));
  }

  /** A line every ten seconds, unless the results themselves go to a terminal. */
  private static Progress progress() {
    if (Terminal.isOutput()) {
      return line -> {};
    }
    long[] said = {System.nanoTime()};
    return line -> {
      if (System.nanoTime() - said[0] > PROGRESS_NANOS) {
        said[0] = System.nanoTime();
        System.err.printf("%,d lines read%n", line);
      }
    };
  }

  /** Told how far a session is. */
  interface Progress {
    void line(long number);
  }

  /** One pass over an input. */
  static final class Session {
    private final Enrichment enrichment;
    private final boolean freshState;
    private final boolean explain;
    private final Progress progress;
    private final Map<ByteBuffer, KeyState> states = new HashMap<>();
    private final Serializer<EnrichedRecord> serializer = new EnrichedRecordSerde().serializer();

    Session(Enrichment enrichment, boolean freshState) {
      this(enrichment, freshState, false);
    }

    Session(Enrichment enrichment, boolean freshState, boolean explain) {
      this(enrichment, freshState, explain, line -> {});
    }

    /**
     * @param progress told the number of each line that is done
     */
    Session(Enrichment enrichment, boolean freshState, boolean explain, Progress progress) {
      this.enrichment = enrichment;
      this.freshState = freshState;
      this.explain = explain;
      this.progress = progress;
    }

    /** Reads to the end; 0 if every line was good, otherwise 1. */
    int run(InputStream in, OutputStream out) throws IOException {
      int exit = 0;
      Lines lines = new Lines(in);
      for (Line line = lines.next(); line != null; line = lines.next()) {
        try {
          out.write(enriched(line.text()));
          out.write('\n');
          if (in.available() == 0) {
            out.flush(); // somebody may be waiting for the answer
          }
          progress.line(line.number());
        } catch (BadLineException | MalformedJsonException | CharacterCodingException e) {
          out.flush();
          System.err.println(
              "line "
                  + line.number()
                  + ": "
                  + (e instanceof CharacterCodingException
                      ? "must be UTF-8, found other bytes"
                      : e.getMessage()));
          exit = 1;
        }
      }
      out.flush();
      return exit;
    }

    private byte[] enriched(String line) throws MalformedJsonException {
      JsonNode json = Json.fields(line, FIELDS);
      require(json.isObject(), "must be a JSON object", json);
      JsonNode key = json.path("key");
      JsonNode text = json.path("text");
      require(key.isTextual(), "key must be a string", key);
      require(text.isTextual() || text.isNull(), "text must be a string or null", text);
      KeyEncoding encoding = keyEncoding(json.path("keyEncoding"));
      byte[] keyBytes = keyBytes(key.asText(), encoding);
      KeyText keyText = KeyText.of(keyBytes, encoding);
      ByteBuffer stateKey = ByteBuffer.wrap(keyBytes);
      if (text.isNull()) {
        states.remove(stateKey);
        if (explain) {
          return (keyText.text() + " is forgotten\n").getBytes(StandardCharsets.UTF_8);
        }
        ObjectNode forgotten = Json.STRICT.createObjectNode().put("key", keyText.text());
        if (keyText.encoding() != null) {
          forgotten.put("keyEncoding", keyText.encoding());
        }
        return forgotten.putNull("text").toString().getBytes(StandardCharsets.UTF_8);
      }
      KeyState before = freshState ? null : states.get(stateKey);
      Enrichment.Outcome outcome =
          enrichment.enrich(
              before == null ? enrichment.fresh() : before,
              new Message(
                  stateKey,
                  text.asText(),
                  longOrNull(json, "timestamp"),
                  source(json.path("source"))));
      if (!freshState) {
        states.put(stateKey, outcome.after());
      }
      EnrichedRecord record = outcome.record().withKey(keyText);
      return explain
          ? Explanation.of(record).getBytes(StandardCharsets.UTF_8)
          : serializer.serialize(null, record);
    }

    private static KeyEncoding keyEncoding(JsonNode code) {
      if (code.isMissingNode() || code.isNull()) {
        return KeyEncoding.TEXT;
      }
      List<String> codes = KeyEncoding.codes();
      require(
          code.isTextual() && codes.contains(code.textValue()),
          "keyEncoding must be one of %s, which tell the key's bytes"
              .formatted(String.join(", ", codes)),
          code);
      return KeyEncoding.ofCode(code.textValue());
    }

    private static byte[] keyBytes(String key, KeyEncoding encoding) {
      try {
        return encoding.bytes(key);
      } catch (IllegalArgumentException e) {
        throw new BadLineException(e.getMessage());
      }
    }

    private static Source source(JsonNode json) {
      if (json.isMissingNode() || json.isNull()) {
        return null;
      }
      require(json.isObject() && json.path("topic").isTextual(), "source must name a topic", json);
      JsonNode partition = json.path("partition");
      JsonNode offset = json.path("offset");
      require(partition.isInt(), "source.partition must be an integer", partition);
      require(
          offset.isIntegralNumber() && offset.canConvertToLong(),
          "source.offset must be an integer",
          offset);
      return new Source(
          json.path("topic").asText(),
          partition.asInt(),
          offset.asLong(),
          longOrNull(json, "timestamp"));
    }

    private static Long longOrNull(JsonNode json, String field) {
      JsonNode value = json.path(field);
      if (value.isMissingNode() || value.isNull()) {
        return null;
      }
      require(
          value.isIntegralNumber() && value.canConvertToLong(),
          field + " must be an integer, epoch milliseconds",
          value);
      return value.asLong();
    }

    private static void require(boolean holds, String expectation, JsonNode found) {
      if (!holds) {
        throw new BadLineException(expectation + ", found " + Json.found(found));
      }
    }
  }

  private static final class BadLineException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    BadLineException(String message) {
      super(message);
    }
  }
}
