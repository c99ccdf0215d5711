package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.app.EnrichmentTopology;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.internals.StoredEnrichment;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnrichCommandTest {

  private static final Model MODEL = TinyModel.of(4, 6, 1, Pooling.CONCAT, 5).model();
  private static final EnrichmentSettings SETTINGS =
      EnrichmentSettings.DEFAULTS.withNextTokens(2).withMaxTokens(4);
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  /** What a session gave for an input. */
  private record Run(int exit, List<String> out, List<String> err) {}

  @Test
  void shouldAnswerInOrderAndCarryTheStateOfEachKey() throws IOException {
    Run run =
        run(
            false,
            """
            {"key":"a","text":"the food was good"}
            {"key":"b","text":"not good"}
            {"key":"a","text":"not good"}
            {"key":"c","text":"not good"}
            """);

    assertThat(run.exit).isZero();
    assertThat(run.err).isEmpty();
    StoredEnrichment enrichment = new StoredEnrichment(MODEL, SETTINGS);
    StoredEnrichment.Outcome first = enrich(enrichment, null, "a", "the food was good");
    StoredEnrichment.Outcome second = enrich(enrichment, first.state(), "a", "not good");
    assertThat(run.out)
        .containsExactly(
            json(first),
            json(enrich(enrichment, null, "b", "not good")),
            json(second),
            json(enrich(enrichment, null, "c", "not good")));
    assertThat(JSON.readTree(run.out.get(2)).at("/conversation/records").asInt()).isEqualTo(2);
    assertThat(JSON.readTree(run.out.get(2)).path("sentiment"))
        .isNotEqualTo(JSON.readTree(run.out.get(1)).path("sentiment"));
  }

  @Test
  void shouldReadPastAByteOrderMark() throws IOException {
    Run run = run(false, "\uFEFF{\"key\":\"a\",\"text\":\"good\"}\n");

    assertThat(run.exit).isZero();
    assertThat(run.out).hasSize(1);
  }

  @Test
  void shouldForgetBetweenRecordsWhereTheStateIsToBeFresh() throws IOException {
    Run run =
        run(
            true,
            """
            {"key":"a","text":"not good"}
            {"key":"a","text":"not good"}
            """);

    assertThat(run.out.get(1)).isEqualTo(run.out.get(0));
    assertThat(run(false, "{\"key\":\"a\",\"text\":\"not good\"}\n".repeat(2)).out.get(1))
        .isNotEqualTo(run.out.get(0));
  }

  @Test
  void shouldForgetAKeyWhoseTextIsNull() throws IOException {
    Run run =
        run(
            false,
            """
            {"key":"a","text":"very bad"}
            {"key":"b","text":"very bad"}
            {"key":"a","text":null}
            {"key":"a","text":"very bad"}
            {"key":"b","text":"very bad"}
            """);

    assertThat(run.exit).isZero();
    assertThat(run.out).hasSize(5);
    assertThat(run.out.get(2)).isEqualTo("{\"key\":\"a\",\"text\":null}");
    assertThat(run.out.get(3)).isEqualTo(run.out.get(0));
    assertThat(JSON.readTree(run.out.get(4)).at("/conversation/records").asInt()).isEqualTo(2);
  }

  @Test
  void shouldReportBadLinesWithTheirNumbersAndGoOn() throws IOException {
    Run run =
        run(
            false,
            """
            {"key":"a","text":"good"}
            {"key":"a","text":"good"
            {"key":"a"}

            ["a","good"]
            {"text":"good"}
            {"key":"a","text":"good"} {"key":"a","text":"good"}
            {"key":"a","text":"good","text":"bad"}
            {"key":"a","text":"good"}
            """);

    assertThat(run.exit).isEqualTo(1);
    assertThat(run.out).hasSize(2);
    assertThat(JSON.readTree(run.out.get(1)).at("/conversation/records").asInt()).isEqualTo(2);
    assertThat(run.err).hasSize(6);
    assertThat(run.err.get(0)).startsWith("line 2: must be JSON, found: ");
    assertThat(run.err.get(1)).isEqualTo("line 3: text must be a string or null, found nothing");
    assertThat(run.err.get(2)).isEqualTo("line 5: must be a JSON object, found [\"a\",\"good\"]");
    assertThat(run.err.get(3)).isEqualTo("line 6: key must be a string, found nothing");
    assertThat(run.err.get(4)).isEqualTo("line 7: must be JSON, found: more after the first value");
    assertThat(run.err.get(5)).startsWith("line 8: must name field text once, found it twice");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{'key':5,'text':'good'}                      | key must be a string, found 5",
        "{'key':null,'text':'good'}                   | key must be a string, found null",
        "{'key':'a','text':5}                         | text must be a string or null, found 5",
        "{'key':'a','text':'good','timestamp':'now'}  | timestamp must be an integer, epoch milliseconds, found 'now'",
        "{'key':'a','text':'good','timestamp':1.5}    | timestamp must be an integer, epoch milliseconds, found 1.5",
        "{'key':'a','text':'good','timestamp':9223372036854775808} | timestamp must be an integer, epoch milliseconds, found 9223372036854775808",
        "{'key':'a','text':'good','source':'t'}       | source must name a topic, found 't'",
        "{'key':'a','text':'good','source':{'topic':'t','offset':1}} | source.partition must be an integer, found nothing",
        "{'key':'a','text':'good','source':{'topic':'t','partition':0,'offset':1.5}} | source.offset must be an integer, found 1.5",
        "{'key':'a','text':'good','source':{'topic':'t','partition':0,'offset':9223372036854775808}} | source.offset must be an integer, found 9223372036854775808",
        "{'key':'a','text':'good','keyEncoding':'hex'} | keyEncoding must be one of text, base64, long, integer, short, uuid, which tell the key's bytes, found 'hex'",
        "{'key':'?','text':'good','keyEncoding':'base64'} | the key must be of encoding base64, found ?",
        "{'key':'a','text':'good','keyEncoding':'custom'} | keyEncoding must be one of text, base64, long, integer, short, uuid, which tell the key's bytes, found 'custom'",
        "{'key':'a','text':'good','keyEncoding':5} | keyEncoding must be one of text, base64, long, integer, short, uuid, which tell the key's bytes, found 5",
        "{'key':'a','text':'good','keyEncoding':'long'} | the key must be of encoding long, found a",
        "5                                            | must be a JSON object, found 5",
      })
  void shouldSayWhatIsWrongWithALine(String line, String reason) throws IOException {
    Run run = run(false, line.replace('\'', '"') + "\n");

    assertThat(run.exit).isEqualTo(1);
    assertThat(run.out).isEmpty();
    assertThat(run.err).containsExactly("line 1: " + reason.replaceAll("'(?!s )", "\""));
  }

  @Test
  void shouldSkipFieldsThatItDoesNotRead() throws IOException {
    String plain = "{\"key\":\"a\",\"text\":\"good\"}\n";
    String more =
        "{\"key\":\"a\",\"n\":%s,\"m\":{\"a\":1,\"a\":2},\"text\":\"good\",\"n\":1}\n"
            .formatted("1".repeat(1_200));

    assertThat(run(true, more).out).isEqualTo(run(true, plain).out).hasSize(1);
    assertThat(run(true, plain.replace("{", "{\"text\":\"bad\",")).err)
        .containsExactly("line 1: must name field text once, found it twice");
  }

  @Test
  void shouldReportADeeplyNestedLineInOneLineAndGoOn() throws IOException {
    Run run = run(false, "[".repeat(100_000) + "\n" + "{\"key\":\"a\",\"text\":\"good\"}\n");

    assertThat(run.exit).isEqualTo(1);
    assertThat(run.out).hasSize(1);
    assertThat(run.err).hasSize(1);
    assertThat(run.err.get(0)).startsWith("line 1: must be JSON, found: ").hasSizeLessThan(300);
  }

  @Test
  void shouldReportLinesThatAreNotUtf8() throws IOException {
    ByteArrayOutputStream in = new ByteArrayOutputStream();
    in.write("{\"key\":\"a\",\"text\":\"".getBytes(StandardCharsets.UTF_8));
    in.write(0xff);
    in.write("\"}\n{\"key\":\"a\",\"text\":\"good\"}".getBytes(StandardCharsets.UTF_8));

    Run run = run(false, in.toByteArray());

    assertThat(run.exit).isEqualTo(1);
    assertThat(run.err).containsExactly("line 1: must be UTF-8, found other bytes");
    assertThat(run.out).hasSize(1);
  }

  @Test
  void shouldPassOverBlankLinesAndTakeLineEndsOfEitherKind() throws IOException {
    String record = "{\"key\":\"a\",\"text\":\"good\"}";
    Run run = run(true, "\n  \t\r\n" + record + "\r\n\r\n" + record);

    assertThat(run.exit).isZero();
    assertThat(run.err).isEmpty();
    assertThat(run.out).hasSize(2);
    assertThat(run.out.get(1)).isEqualTo(run.out.get(0));
  }

  @Test
  void shouldGiveNothingForNothing() throws IOException {
    assertThat(run(false, "")).isEqualTo(new Run(0, List.of(), List.of()));
  }

  @Test
  void shouldEchoTheSourceAndCutLongTexts() throws IOException {
    Run run =
        run(
            false,
            """
            {"key":"a","text":"the food was very good","timestamp":7,\
            "source":{"topic":"t","partition":3,"offset":9,"timestamp":8}}
            """);

    Source source = new Source("t", 3, 9, 8L);
    StoredEnrichment.Outcome outcome =
        new StoredEnrichment(MODEL, SETTINGS)
            .enrich(null, new byte[] {'a'}, "the food was very good", 7L, source);
    assertThat(run.out).containsExactly(json(outcome));
    assertThat(JSON.readTree(run.out.get(0)).path("truncated").asBoolean()).isTrue();
  }

  @Test
  void shouldTakeKeysThatAreNoTextInBase64() throws IOException {
    String line = "{\"key\":\"/w==\",\"keyEncoding\":\"base64\",\"text\":\"good\"}\n";
    Run run = run(false, line + line + line.replace("\"good\"", "null") + line);

    assertThat(run.exit).isZero();
    JsonNode second = JSON.readTree(run.out.get(1));
    assertThat(second.path("key").asText()).isEqualTo("/w==");
    assertThat(second.path("keyEncoding").asText()).isEqualTo("base64");
    assertThat(second.at("/conversation/records").asInt()).isEqualTo(2);
    assertThat(run.out.get(2))
        .isEqualTo("{\"key\":\"/w==\",\"keyEncoding\":\"base64\",\"text\":null}");
    assertThat(run.out.get(3)).isEqualTo(run.out.get(0));
  }

  @ParameterizedTest
  @CsvSource({
    "text, a, b",
    "base64, /w==, AP8=",
    "long, 103, -9223372036854775808",
    "integer, 103, -1",
    "short, 103, -1",
    "uuid, 1b4e28ba-2fa1-11d2-883f-0016d3cca427, 00000000-0000-0000-0000-000000000001"
  })
  void shouldWriteTheTopologysBytesForKeysOfEveryEncoding(String code, String one, String two)
      throws IOException {
    TopologyDefinition definition =
        TopologyDefinition.load(
            Files.writeString(
                folder.resolve("d.yaml"),
                """
                name: enrich
                source:
                  topics: [messages]
                  value: text
                  key: record
                  keyEncoding: %s
                model: classpath:en-chat
                next: 2
                store: hidden-state
                sinks:
                  enriched: out
                  deadLetters: dead
                """
                    .formatted(code)));
    Object[][] records = {{one, "not good"}, {two, "good"}, {one, null}, {two, "not good"}};
    StringBuilder in = new StringBuilder();
    List<String> written = new ArrayList<>();
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    Properties properties = new Properties();
    properties.putAll(
        UndercurrentConfig.of(
                Map.of(
                    "application.id", "enrich",
                    "bootstrap.servers", "localhost:1",
                    "state.dir", folder.toString()))
            .streams(DeadLetterHandler.settings(definition.deadLetters(), registry)));
    try (TopologyTestDriver driver =
        new TopologyTestDriver(
            EnrichmentTopology.build(definition, MODEL, SETTINGS, registry), properties)) {
      TestInputTopic<byte[], byte[]> messages =
          driver.createInputTopic("messages", new ByteArraySerializer(), new ByteArraySerializer());
      TestOutputTopic<byte[], byte[]> enriched =
          driver.createOutputTopic("out", new ByteArrayDeserializer(), new ByteArrayDeserializer());
      for (int offset = 0; offset < records.length; offset++) {
        String key = (String) records[offset][0];
        String text = (String) records[offset][1];
        messages.pipeInput(
            KeyEncoding.ofCode(code).bytes(key),
            text == null ? null : text.getBytes(StandardCharsets.UTF_8),
            offset);
        byte[] value = enriched.readValue();
        written.add(value == null ? null : new String(value, StandardCharsets.UTF_8));
        ObjectNode line = JSON.createObjectNode().put("key", key).put("text", text);
        line.put("keyEncoding", code).put("timestamp", offset);
        line.putObject("source")
            .put("topic", "messages")
            .put("partition", 0)
            .put("offset", offset)
            .put("timestamp", offset);
        in.append(line).append('\n');
      }
    }

    Run run = run(false, in.toString());

    assertThat(run.err).isEmpty();
    assertThat(written.get(2)).isNull();
    assertThat(run.out.get(2))
        .isEqualTo(
            "{\"key\":\"%s\",%s\"text\":null}"
                .formatted(one, code.equals("text") ? "" : "\"keyEncoding\":\"" + code + "\","));
    written.remove(2);
    run.out.remove(2);
    assertThat(run.out).isEqualTo(written);
  }

  @Test
  void shouldWriteAKeyAsTheTopologyDoesHoweverTheLineHasIt() throws IOException {
    Run run =
        run(
            false,
            """
            {"key":"+103","keyEncoding":"long","text":"good"}
            {"key":"AAAAAAAAAGc","keyEncoding":"base64","text":"good"}
            """);

    assertThat(run.out.get(0)).startsWith("{\"key\":\"103\",\"keyEncoding\":\"long\",");
    assertThat(run.out.get(1)).startsWith("{\"key\":\"AAAAAAAAAGc=\",\"keyEncoding\":\"base64\",");
    assertThat(JSON.readTree(run.out.get(1)).at("/conversation/records").asInt())
        .isEqualTo(2); // the bytes are the same
  }

  @Test
  void shouldKeepTheMemoryOfEachKeyAndForgetIt() throws IOException {
    Model model = TinyModel.looking(new Attention(3, 4), new Cache(9, 1, 0.2f), 5).model();
    Run run =
        run(
            model,
            false,
            """
            {"key":"a","text":"the food was good"}
            {"key":"b","text":"not bad"}
            {"key":"a","text":"but the service"}
            {"key":"a","text":null}
            {"key":"a","text":"the food was good"}
            """);

    assertThat(JSON.readTree(run.out.get(2)).at("/attention/records"))
        .extracting(past -> past.path("text").asText() + past.path("record").asInt())
        .containsExactly("the food was good1");
    assertThat(run.out.get(4)).isEqualTo(run.out.get(0));
  }

  @Test
  void shouldExplainInWordsWhatRecordsWereDrawnFrom() throws IOException {
    Model model = TinyModel.looking(new Attention(3, 4), new Cache(9, 1, 0.9f), 5).model();
    Run run =
        run(
            model,
            true,
            """
            {"key":"a","text":"the food was good"}
            {"key":"a","text":" "}
            {"key":"a","text":"but \\u001b[31mthe service"}
            {"key":"a","text":null}
            """);

    String all = String.join("\n", run.out);
    assertThat(all).startsWith("a, record 1: the food was good\n  feels ");
    assertThat(all).contains("\na, record 2:  \n  has no words\n");
    assertThat(all).contains("\na, record 3: but \\u001b[31mthe service\n");
    assertThat(all)
        .containsPattern("\n  looked back at record 1 \\(\\d+ %\\): the food was good\n");
    assertThat(all).containsPattern("\n  looked back at nothing \\(\\d+ %\\)\n");
    assertThat(all).containsPattern("expects .*; from token \\d of record 1");
    assertThat(all).endsWith("\na is forgotten");
  }

  private static StoredEnrichment.Outcome enrich(
      StoredEnrichment enrichment, byte[] state, String key, String text) {
    return enrichment.enrich(state, key.getBytes(StandardCharsets.UTF_8), text, null, null);
  }

  private static String json(StoredEnrichment.Outcome outcome) {
    return new String(EnrichedRecordJson.toJson(outcome.enriched()), StandardCharsets.UTF_8);
  }

  private static Run run(boolean freshState, String in) throws IOException {
    return run(freshState, in.getBytes(StandardCharsets.UTF_8));
  }

  private static Run run(boolean freshState, byte[] in) throws IOException {
    return run(new EnrichCommand.Session(new Enrichment(MODEL, SETTINGS), freshState), in);
  }

  private static Run run(Model model, boolean explain, String in) throws IOException {
    Enrichment enrichment = new Enrichment(model, EnrichmentSettings.DEFAULTS);
    return run(
        new EnrichCommand.Session(enrichment, false, explain), in.getBytes(StandardCharsets.UTF_8));
  }

  private static Run run(EnrichCommand.Session session, byte[] in) throws IOException {
    PrintStream before = System.err;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
    try {
      int exit = session.run(new ByteArrayInputStream(in), out);
      return new Run(exit, lines(out), lines(err));
    } finally {
      System.setErr(before);
    }
  }

  private static List<String> lines(ByteArrayOutputStream bytes) {
    List<String> lines =
        new ArrayList<>(List.of(bytes.toString(StandardCharsets.UTF_8).split("\n")));
    lines.removeIf(String::isEmpty);
    return lines;
  }
}
