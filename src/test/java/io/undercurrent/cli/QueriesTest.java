package io.undercurrent.cli;

import static io.undercurrent.cli.ServedApp.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.LetterModel;
import io.undercurrent.RawHttp;
import io.undercurrent.SelfSigned;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import io.undercurrent.serve.Serving;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.apache.kafka.common.utils.Utils;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.LoggerFactory;

/** Queries about keys over HTTP, to running apps. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class QueriesTest {

  @TempDir static Path brokerFolder;
  private static EmbeddedBroker broker;

  @TempDir Path state;
  private String name;

  @BeforeAll
  static void startBroker() {
    broker = EmbeddedBroker.start(brokerFolder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void nameEverythingAfterTheTest(TestInfo test) {
    name = test.getTestMethod().orElseThrow().getName();
  }

  private ServedApp app(Model model, Map<String, String> settings) {
    return new ServedApp(broker, ServedApp.definition(name), model, state, 0, settings);
  }

  @Test
  void shouldAnswerWithTheStateOfAKey() throws Exception {
    try (ServedApp app = app(LetterModel.of(1), Map.of()).start()) {
      app.send("k", "a b c", "d");
      JsonNode key = app.await("/v1/keys/k", j -> j.at("/conversation/records").asInt() == 2);
      assertThat(key.path("key").asText()).isEqualTo("k");
      assertThat(key.at("/conversation/tokens").asInt()).isEqualTo(4);
      assertThat(key.at("/conversation/score").isNumber()).isTrue();
      assertThat(key.path("next")).hasSize(5);
      assertThat(key.path("stale").asBoolean()).isFalse();
      assertThat(key.at("/model/fingerprint").asText()).isEqualTo("000000000001");
      JsonNode seen = // once it is committed
          app.await("/v1/keys/k?records=1", j -> j.at("/lastRecords/0/text").asText().equals("d"));
      assertThat(seen.path("lastRecords")).hasSize(1);
      assertThat(seen.at("/lastRecords/0/mood").doubleValue())
          .isCloseTo(key.at("/conversation/score").doubleValue(), within(1e-6));
    }
  }

  @Test
  void shouldAnswerForLabelsWithoutAScore() throws Exception {
    Model intents = LetterModel.with(Labels.unscored(List.of("book", "cancel", "refund")), 1);
    try (ServedApp app = app(intents, Map.of()).start()) {
      app.send("k", "a b c", "d");
      JsonNode trace = app.await("/v1/keys/k/trace", j -> j.path("records").size() == 2);
      for (JsonNode record : trace.path("records")) {
        assertThat(record.path("exact").asBoolean()).isTrue();
        assertThat(record.path("before").isNull()).isTrue();
        assertThat(record.path("pieces")).isNotEmpty();
        record.path("pieces").forEach(piece -> assertThat(piece.path("score").isNull()).isTrue());
      }
      JsonNode key = json(app.get("/v1/keys/k?records=2"));
      assertThat(key.at("/conversation/score").isNull()).isTrue();
      assertThat(key.path("lastRecords")).hasSize(2);
      for (JsonNode record : key.path("lastRecords")) {
        assertThat(record.path("label").asText()).isIn("book", "cancel", "refund");
        assertThat(record.path("probability").doubleValue()).isBetween(1 / 3.0, 1.0);
        assertThat(record.path("score").isNull()).isTrue();
        assertThat(record.path("mood").isNull()).isTrue();
      }
    }
  }

  /** Also with a model that looks back: then the memory is read too. */
  @ParameterizedTest
  @CsvSource({"false", "true"})
  void shouldContinueATextAsTheStreamDoesAndChangeNothing(boolean looking) throws Exception {
    name += looking;
    Model model = looking ? LetterModel.looking(3) : LetterModel.of(3);
    try (ServedApp app = app(model, Map.of()).start()) {
      app.send("k", "a b c");
      app.await("/v1/keys/k", j -> true);
      JsonNode first = json(app.get("/v1/keys/k/next?count=5"));
      JsonNode asked = json(app.get("/v1/keys/k/next?text=d%20e&count=3"));
      JsonNode again = json(app.get("/v1/keys/k/next?text=d%20e&count=3"));
      assertThat(again).isEqualTo(asked);

      app.send("k", "d e f");
      JsonNode trace = app.await("/v1/keys/k/trace", j -> j.path("records").size() == 2);
      assertSameTokens(asked.path("next"), trace.at("/records/1/pieces/2/expected"), 3);
      assertSameTokens(first.path("next"), trace.at("/records/0/next"), 5);
    }
  }

  private static void assertSameTokens(JsonNode found, JsonNode expected, int size) {
    assertThat(found).hasSize(size);
    assertThat(expected).hasSize(size);
    for (int i = 0; i < size; i++) {
      assertThat(found.get(i).path("token")).isEqualTo(expected.get(i).path("token"));
      assertThat(found.get(i).path("probability").floatValue())
          .isEqualTo((float) expected.get(i).path("probability").asDouble());
    }
  }

  @Test
  void shouldTraceARecordTokenByTokenAsItWasRead() throws Exception {
    try (ServedApp app = app(LetterModel.looking(3), Map.of()).start()) {
      app.send("k", "a b c", "", "d zz e f");
      JsonNode trace = app.await("/v1/keys/k/trace", j -> j.path("records").size() == 3);
      assertThat(trace.path("complete").asBoolean()).isTrue();
      for (JsonNode record : trace.path("records")) {
        assertThat(record.path("exact").asBoolean()).isTrue();
        StringBuilder text = new StringBuilder();
        double bits = 0;
        for (JsonNode piece : record.path("pieces")) {
          text.append(piece.path("text").asText());
          bits += piece.path("bits").asDouble();
        }
        assertThat(text).hasToString(record.path("text").asText());
        int pieces = record.path("pieces").size();
        if (pieces > 0) {
          assertThat(record.path("pieces").get(pieces - 1).path("score").floatValue())
              .isEqualTo((float) record.at("/sentiment/score").asDouble());
          assertThat(bits / pieces)
              .isCloseTo(
                  record.at("/surprise/bitsPerToken").asDouble(),
                  within(1e-5)); // bits are written as floats
        }
      }
      assertThat(json(app.get("/v1/keys/k/trace?after=2")).path("records")).hasSize(1);

      app.send("k", (String) null);
      app.send("k", "g");
      JsonNode anew = app.await("/v1/keys/k/trace", j -> j.path("records").size() == 1);
      assertThat(anew.at("/records/0/exact").asBoolean()).isTrue();
      assertThat(anew.at("/records/0/conversation/records").asInt()).isEqualTo(1);
    }
  }

  @Test
  void shouldEnrichWithoutAState() throws Exception {
    try (ServedApp app = app(LetterModel.of(1), Map.of())) { // not started
      JsonNode one = json(app.post("/v1/enrich", "{\"text\":\"a b\",\"key\":\"k\"}"));
      JsonNode two = json(app.post("/v1/enrich", "{\"text\":\"a b\",\"key\":\"k\"}"));
      assertThat(one.at("/conversation/records").asInt()).isEqualTo(1);
      assertThat(one.at("/surprise/tokens").asInt()).isEqualTo(2);
      assertThat(two).isEqualTo(one);
    }
  }

  @Test
  void shouldDescribeTheTopology() throws Exception {
    try (ServedApp app = app(LetterModel.of(1), Map.of()).start()) {
      JsonNode topology = app.await("/v1/topology", j -> j.path("instances").size() == 1);
      assertThat(topology.path("enriched").asText()).isEqualTo(name + "-out");
      assertThat(topology.path("state").asText()).isEqualTo("RUNNING");
      assertThat(topology.path("description").asText()).contains("Processor: enrich");
      app.await("/v1/topology", j -> j.at("/instances/0/active").size() == 4);
    }
  }

  @Test
  void shouldSayInOneSentenceWhatIsWrong() throws Exception {
    try (ServedApp app = app(LetterModel.of(1), Map.of()).start()) {
      app.send("k", "a");
      app.await("/v1/keys/k", j -> true);
      assertProblem(app.get("/v1/keys/nobody"), 404, "there is no state for key \"nobody\"");
      assertProblem(app.get("/v1/keys/nobody/next"), 404, "there is no state for key");
      assertProblem(app.get("/v1/keys/nobody/trace"), 404, "no record of key \"nobody\"");
      assertProblem(app.get("/v1/nothing"), 404, "there is nothing at this path");
      assertProblem(app.get("/v1/keys/k?stale=perhaps"), 400, "stale must be true or false");
      assertProblem(app.get("/v1/keys/k?staled=true"), 400, "there is no parameter staled here");
      assertProblem(
          app.get("/v1/keys/k/next?count=101"), 400, "count must be an integer from 1 to");
      assertProblem(app.get("/v1/keys/k/next?count=x"), 400, "found x");
      assertProblem(
          app.get("/v1/keys/k/next?text=" + "a".repeat(4_001)), 400, "text must have at most 4000");
      assertProblem(app.get("/v1/keys/k?records=51"), 400, "records must be an integer from 0");
      assertProblem(app.get("/v1/keys/k/trace?after=-1"), 400, "after must be");
      assertProblem(
          app.get("/v1/keys/k?keyEncoding=hex"), 400, "keyEncoding must be one of text, base64");
      assertProblem(
          app.get("/v1/keys/!?keyEncoding=base64"), 400, "the key must be of encoding base64");
      assertProblem(app.get("/v1/keys/k?keyEncoding=long"), 400, "of encoding long, found k");
      assertProblem(app.post("/v1/enrich", "{\"text\":7}"), 400, "text must be a string, found 7");
      assertProblem(app.post("/v1/enrich", "{}"), 400, "text must be a string, found nothing");
      assertProblem(app.post("/v1/enrich", "{\"texts\":\"\"}"), 400, "there is no field texts");
      assertProblem(app.post("/v1/enrich", "[]"), 400, "the body must be a JSON object");
      assertProblem(app.post("/v1/enrich", "{"), 400, "the body must be JSON");
      assertProblem(
          app.post("/v1/enrich", "{\"text\":\"a\",\"timestamp\":\"now\"}"),
          400,
          "timestamp must be");
      assertProblem(app.post("/v1/enrich", "{}", "text/plain"), 415, "must be application/json");
      assertProblem(
          app.post("/v1/enrich", "{\"text\":\"" + "a".repeat(1 << 20) + "\"}"),
          413,
          "the body must have at most 1048576 bytes");
      assertProblem(app.post("/v1/messages", "{}"), 403, "undercurrent.live.input is false");
    }
  }

  @Test
  void shouldShowWhatTheSettingsAllow() throws Exception {
    Map<String, String> without =
        Map.of("undercurrent.http.texts", "false", "undercurrent.http.enrich", "false");
    try (ServedApp app = app(LetterModel.of(1), without).start()) {
      app.send("k", "a b");
      JsonNode key = app.await("/v1/keys/k", j -> j.path("lastRecords").size() == 1);
      assertThat(key.at("/lastRecords/0/text").isNull()).isTrue();
      assertThat(firstListed(app).path("text").isNull()).isTrue();
      assertProblem(app.get("/v1/keys/k/trace"), 403, "undercurrent.http.texts is false");
      assertProblem(
          app.post("/v1/enrich", "{\"text\":\"a\"}"), 403, "undercurrent.http.enrich is false");
    }
  }

  @Test
  void shouldNotAnswerAboutKeysWhereTheyAreOff() throws Exception {
    try (ServedApp app =
        app(LetterModel.of(1), Map.of("undercurrent.http.keys", "false")).start()) {
      for (String path : List.of("/v1/keys/k", "/v1/keys/k/next")) {
        assertProblem(app.get(path), 403, "undercurrent.http.keys is false");
      }
      for (String path : List.of("/", "/page/page.js", "/v1/live", "/v1/keys/k/trace")) {
        HttpResponse<String> none = app.askAsInstance(path, "state"); // not as OpenAPI says
        assertProblem(none, 404, "there is nothing at this path");
      }
      assertThat(app.post("/v1/enrich", "{\"text\":\"a\"}").statusCode()).isEqualTo(200);
      assertThat(app.get("/v1/topology").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void shouldAskOtherInstancesWithTheTokenOverTls() throws Exception {
    SelfSigned files = SelfSigned.in(state.resolve("tls"), "EC");
    Path token = Files.writeString(state.resolve("token"), "0123456789abcdef");
    HttpClient client = files.client();
    int onePort = ServedApp.freePort();
    int twoPort = ServedApp.freePort();
    try (ServedApp one = locked("one", onePort, files, token);
        ServedApp two = locked("two", twoPort, files, token)) {
      one.start();
      two.start();
      Set<String> answered = new HashSet<>();
      for (int i = 0; i < 24; i++) {
        one.send("key" + i, "a b");
        String path = "/v1/keys/key" + i + "?records=0";
        String answer = awaitLocked(client, one.address() + path);
        assertThat(awaitLocked(client, two.address() + path)).isEqualTo(answer);
        answered.add(json(answer).path("instance").asText());
      }
      assertThat(answered)
          .containsExactlyInAnyOrder("localhost:" + onePort, "localhost:" + twoPort);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "undercurrent.live.input=true"
            + " | read texts and keys, send messages, enrich texts, read metrics",
        "undercurrent.http.texts=false | read keys, enrich texts, read metrics",
        "undercurrent.live.page=false | ask about keys, enrich texts, read metrics",
        "undercurrent.http.keys=false | enrich texts, read metrics",
        "undercurrent.http.enrich=false | read texts and keys, read metrics"
      })
  void shouldSayLoudlyWhatIsOpen(String setting, String open) {
    String[] parts = setting.split("=");
    assertThat(warnings(Map.of("undercurrent.http.host", "0.0.0.0", parts[0], parts[1])))
        .singleElement(InstanceOfAssertFactories.STRING)
        .startsWith("HTTP IS OPEN: whoever reaches http://0.0.0.0:")
        .contains(" can " + open + ". Set undercurrent.http.token.file, or");
  }

  @Test
  void shouldWarnOfATokenThatIsNotEncrypted() throws Exception {
    Path token = Files.writeString(state.resolve("token"), "0123456789abcdef");
    Map<String, String> settings =
        new HashMap<>(SelfSigned.in(state.resolve("tls"), "EC").settings());
    settings.put("undercurrent.http.host", "0.0.0.0");
    settings.put("undercurrent.http.token.file", token.toString());
    assertThat(warnings(settings)).isEmpty();
    settings.keySet().removeIf(name -> name.startsWith("undercurrent.http.ssl."));
    assertThat(warnings(settings))
        .singleElement(InstanceOfAssertFactories.STRING)
        .contains("is not encrypted: the token and all answers can be read on the network. Set");
    settings.remove("undercurrent.http.host");
    assertThat(warnings(settings)).isEmpty();
    assertThat(warnings(Map.of())).isEmpty();
  }

  /** Of the start with these settings. */
  private List<String> warnings(Map<String, String> settings) {
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    Logger logger = (Logger) LoggerFactory.getLogger(Serving.class);
    logger.addAppender(logged);
    try {
      app(LetterModel.of(1), settings).close();
    } finally {
      logger.detachAppender(logged);
    }
    assertThat(logged.list).allMatch(event -> event.getLevel() == Level.WARN);
    return logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
  }

  @Test
  void shouldServeTheManagementPortAlone() throws Exception {
    Map<String, String> settings = Map.of("undercurrent.http.management.port", "0");
    int off = UndercurrentConfig.HTTP_OFF;
    try (ServedApp app =
        new ServedApp(
            broker, ServedApp.definition(name), LetterModel.of(1), state, off, settings)) {
      assertThat(app.get("/health/live").statusCode()).isEqualTo(200);
      assertThat(app.get("/metrics").statusCode()).isEqualTo(200);
      for (String path : List.of("/", "/v1/keys/k", "/openapi.json")) {
        HttpResponse<String> none = app.askAsInstance(path, "state"); // not as OpenAPI says
        assertProblem(none, 404, "there is nothing at this path");
      }
    }
  }

  /** The page asks for the token. Its files have no data. */
  @Test
  void shouldServeThePageAndNoDataWithoutTheToken() throws Exception {
    Path token = Files.writeString(state.resolve("token"), "0123456789abcdef");
    try (ServedApp app =
        app(
            LetterModel.of(1),
            Map.of(
                "undercurrent.http.token.file",
                token.toString(),
                "state.dir",
                state.resolve("states").toString()))) {
      for (String path : List.of("/", "/page/page.js", "/page/uplot/dist/uPlot.min.css")) {
        assertThat(app.get(path).statusCode()).as(path).isEqualTo(200);
      }
      int port = URI.create(app.address()).getPort();
      for (String path :
          List.of(
              "/page/../openapi.json",
              "/page/%2e%2e/openapi.json",
              "/page/../../openapi.json",
              "/page/uplot/../../v1/topology",
              "/page/../v1/live",
              "//v1/topology",
              "/v1/topology/",
              "/v1/topology;x",
              "/health/../metrics",
              "/page")) {
        RawHttp.Answer answer = RawHttp.get(port, path, "Host: localhost");
        assertThat(answer.status()).as(path).isIn(400, 401, 404);
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
      }
    }
  }

  private ServedApp locked(String folder, int port, SelfSigned files, Path token) {
    Map<String, String> settings = new HashMap<>(files.settings());
    settings.put("undercurrent.http.token.file", token.toString());
    settings.put("application.server", "localhost:" + port);
    return new ServedApp(
        broker,
        ServedApp.definition(name),
        LetterModel.of(1),
        state.resolve(folder),
        port,
        settings);
  }

  private static String awaitLocked(HttpClient client, String uri) throws Exception {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(uri))
            .header("Authorization", "Bearer 0123456789abcdef")
            .build();
    HttpResponse<String> answer = client.send(request, BodyHandlers.ofString());
    while (answer.statusCode() != 200) { // at most until the test times out
      assertThat(answer.statusCode()).isIn(404, 503);
      Thread.sleep(50);
      answer = client.send(request, BodyHandlers.ofString());
    }
    return answer.body();
  }

  @Test
  void shouldAnswerAboutAnyKey() throws Exception {
    try (ServedApp app = app(LetterModel.of(1), Map.of()).start()) {
      for (String key : List.of("a/b", "..", "\u00fc \u4e16 %2F", "?&#")) {
        app.send(key, "a");
        String encoded =
            Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(key.getBytes(StandardCharsets.UTF_8));
        JsonNode found = app.await("/v1/keys/" + encoded + "?keyEncoding=base64", j -> true);
        assertThat(found.path("key").asText()).isEqualTo(key);
      }
      assertThat(app.get("/v1/keys/%C3%BC%20%E4%B8%96").statusCode()).isEqualTo(404);
    }
  }

  /** From a list of the page to the key, its trace and a message for it, as the page goes. */
  @Test
  void shouldNameKeysEverywhereInTheEncodingOfTheTopology() throws Exception {
    TopologyDefinition longs = ServedApp.definition(name, KeyEncoding.LONG);
    Map<String, String> settings = Map.of("undercurrent.live.input", "true");
    try (ServedApp app =
        new ServedApp(broker, longs, LetterModel.of(1), state, 0, settings).start()) {
      app.send(KeyEncoding.LONG.bytes("103"), "a b");
      JsonNode listed = firstListed(app);
      assertThat(listed.path("key").asText()).isEqualTo("103");
      assertThat(listed.path("keyEncoding").asText()).isEqualTo("long");

      String path = "/v1/keys/" + listed.path("key").asText();
      JsonNode key = app.await(path + "?keyEncoding=long", j -> true);
      assertThat(key.path("key").asText()).isEqualTo("103");
      assertThat(key.path("keyEncoding").asText()).isEqualTo("long");
      assertThat(key.at("/lastRecords/0/key").asText()).isEqualTo("103");
      assertThat(json(app.get(path))).isEqualTo(key); // the topology's encoding is the default
      assertThat(json(app.get("/v1/keys/AAAAAAAAAGc?keyEncoding=base64"))).isEqualTo(key);

      JsonNode trace = app.await(path + "/trace?keyEncoding=long", j -> true);
      assertThat(trace.path("key").asText()).isEqualTo("103");
      assertThat(trace.path("keyEncoding").asText()).isEqualTo("long");
      assertThat(trace.at("/records/0/text").asText()).isEqualTo("a b");

      JsonNode sent = json(app.post("/v1/messages", "{\"key\":\"103\",\"text\":\"c\"}"));
      assertThat(sent.path("key").asText()).isEqualTo("103");
      assertThat(sent.path("keyEncoding").asText()).isEqualTo("long");
      app.await(path + "/trace", j -> j.path("records").size() == 2);
      app.send(KeyEncoding.LONG.bytes("103"), (String) null);
      for (long end = System.nanoTime() + 30_000_000_000L; ; Thread.sleep(50)) {
        HttpResponse<String> gone = app.get(path + "/trace");
        if (gone.statusCode() == 404 || System.nanoTime() > end) {
          assertProblem(gone, 404, "no record of key \"103\"");
          break;
        }
      }

      JsonNode enriched = json(app.post("/v1/enrich", "{\"key\":\"-1\",\"text\":\"c\"}"));
      assertThat(enriched.path("keyEncoding").asText()).isEqualTo("long");
      assertProblem(app.get("/v1/keys/104"), 404, "there is no state for key \"104\"");
      assertProblem(app.get("/v1/keys/you"), 400, "must be of encoding long, found you");
      assertProblem(app.get("/v1/keys/you?keyEncoding=text"), 400, "must have 8 bytes");
      assertProblem(
          app.post("/v1/messages", "{\"key\":\"you\",\"text\":\"c\"}"), 400, "encoding long");
      assertProblem(
          app.post("/v1/enrich", "{\"key\":\"you\",\"text\":\"c\"}"), 400, "encoding long");
    }
  }

  /** The first record that the page would list. */
  private static JsonNode firstListed(ServedApp app) throws Exception {
    try (Stream<String> lines = app.stream("/v1/live").body()) {
      Iterator<String> line = lines.iterator();
      while (!line.next().equals("event: records")) {
        // another event
      }
      return json(line.next().substring("data: ".length())).path(0);
    }
  }

  @Test
  void shouldAnswerWith503BeforeItRuns() throws Exception {
    try (ServedApp app = app(LetterModel.of(1), Map.of())) {
      HttpResponse<String> answer = app.get("/v1/keys/k");
      assertProblem(answer, 503, "the application has not started yet");
      assertThat(answer.headers().firstValue("Retry-After")).contains("1");
    }
  }

  @Test
  void shouldAnswerWhileAnotherClientSendsSlowly() throws Exception {
    List<Socket> slow = new ArrayList<>();
    try (ServedApp app = app(LetterModel.of(1), Map.of()).start()) {
      for (int i = 0; i < 12; i++) {
        Socket socket = new Socket("127.0.0.1", Integer.parseInt(app.address().split(":")[2]));
        slow.add(socket);
        OutputStream out = socket.getOutputStream();
        out.write(
            ("POST /v1/enrich HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 1000\r\n\r\n{")
                .getBytes(StandardCharsets.US_ASCII));
        out.flush();
      }
      app.send("k", "a");
      app.await("/v1/keys/k", j -> true);
      assertThat(app.get("/health/ready").statusCode()).isEqualTo(200);
      HttpResponse<String> refused = app.post("/v1/enrich", "{\"text\":\"a\"}");
      assertProblem(refused, 503, "too many bodies are being received");
      assertThat(refused.headers().firstValue("Retry-After")).isPresent();
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }

  @Test
  void shouldAnswerOnEveryInstance() throws Exception {
    int onePort = ServedApp.freePort();
    int twoPort = ServedApp.freePort();
    try (ServedApp one = instance("one", onePort)) {
      one.start();
      List<String> keys = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        keys.add("key" + i);
        one.send("key" + i, "a b");
      }
      try (ServedApp two = instance("two", twoPort)) {
        two.start();
        for (ServedApp app : List.of(one, two)) {
          app.await("/v1/topology", QueriesTest::isSpreadOverTwo);
        }
        Set<String> answered = new HashSet<>();
        for (String key : keys) {
          JsonNode a = one.await("/v1/keys/" + key + "?records=0", j -> true);
          JsonNode b = two.await("/v1/keys/" + key + "?records=0", j -> true);
          assertThat(b).isEqualTo(a);
          assertThat(a.at("/conversation/records").asInt()).isEqualTo(1);
          answered.add(a.path("instance").asText());
          assertThat(two.get("/v1/keys/" + key + "/next?text=a&count=3").body())
              .isEqualTo(one.get("/v1/keys/" + key + "/next?text=a&count=3").body());
          assertAnswersAsSent(key, onePort, twoPort);
        }
        assertThat(answered)
            .containsExactlyInAnyOrder("127.0.0.1:" + onePort, "127.0.0.1:" + twoPort);
        assertForwardedOnce(one, two, keys);
        assertAnsweredFromCopies(one, keys, twoPort, two);
      }
    }
  }

  /**
   * With Kafka Streams' group protocol (KIP-1071) and several threads, an instance knows the
   * partitions of only one thread of another instance.
   */
  @Test
  void shouldAnswerOnEveryInstanceUnderTheStreamsProtocol() throws Exception {
    int onePort = ServedApp.freePort();
    int twoPort = ServedApp.freePort();
    try (ServedApp one = streamsProtocol("one", onePort);
        ServedApp two = streamsProtocol("two", twoPort)) {
      one.start();
      List<String> keys = new ArrayList<>();
      for (int i = 0; i < 24; i++) {
        keys.add("key" + i);
        one.send("key" + i, "a b");
      }
      two.start();
      one.await("/v1/topology", j -> partitionsOf(j, onePort) == 2);
      two.await("/v1/topology", j -> partitionsOf(j, twoPort) == 2);
      Set<String> answered = new HashSet<>();
      for (String key : keys) {
        JsonNode a = one.await("/v1/keys/" + key + "?records=0", j -> true);
        JsonNode b = two.await("/v1/keys/" + key + "?records=0", j -> true);
        assertThat(b).isEqualTo(a);
        assertThat(a.at("/conversation/records").asInt()).isEqualTo(1);
        answered.add(a.path("instance").asText());
      }
      assertThat(answered)
          .containsExactlyInAnyOrder("127.0.0.1:" + onePort, "127.0.0.1:" + twoPort);
    }
  }

  @Test
  void shouldKnowItsOwnKeysWithoutAnAddressUnderTheStreamsProtocol() throws Exception {
    Map<String, String> settings = Map.of("group.protocol", "streams", "num.stream.threads", "2");
    try (ServedApp app = app(LetterModel.of(1), settings).start()) {
      for (int i = 0; i < 12; i++) {
        app.send("key" + i, "a b");
      }
      for (int i = 0; i < 12; i++) {
        app.await("/v1/keys/key" + i, j -> j.at("/conversation/records").asInt() == 1);
      }
      JsonNode instances = json(app.get("/v1/topology")).path("instances");
      assertThat(instances).hasSize(1);
      assertThat(instances.at("/0/host").isNull()).isTrue();
      assertThat(instances.at("/0/active")).hasSize(4);
    }
  }

  /** Clients on librdkafka choose the partition by CRC-32. */
  @Test
  void shouldFindKeysInThePartitionsThatAnyClientChose() throws Exception {
    try (ServedApp app =
        app(LetterModel.of(1), Map.of("undercurrent.live.input", "true")).start()) {
      for (int i = 1; i <= 8; i++) {
        app.send(crc32("ap-" + i), "ap-" + i, "record " + i + " is nice");
      }
      for (int i = 1; i <= 8; i++) {
        app.await("/v1/keys/ap-" + i, j -> j.at("/conversation/records").asInt() == 1);
      }
      assertProblem(app.get("/v1/keys/ap-9"), 404, "there is no state for key \"ap-9\"");

      for (int i = 1; i <= 8; i++) {
        JsonNode sent =
            json(app.post("/v1/messages", "{\"key\":\"ap-" + i + "\",\"text\":\"more\"}"));
        assertThat(sent.path("partition").asInt()).isEqualTo(crc32("ap-" + i));
        app.await("/v1/keys/ap-" + i, j -> j.at("/conversation/records").asInt() == 2);
      }
    }
  }

  /** Then an answer about the key comes from there too. */
  @Test
  void shouldSendAMessageToTheDefaultPartitionIfSeveralHaveAStateOfTheKey() throws Exception {
    String key = "a";
    while (murmur2(key) != 3) {
      key += "a";
    }
    String path = "/v1/keys/" + key;
    try (ServedApp app =
        app(LetterModel.of(1), Map.of("undercurrent.live.input", "true")).start()) {
      app.send(0, key, "by another client");
      app.await(path, j -> j.at("/conversation/records").asInt() == 1);
      app.send(3, key, "one");
      app.send(3, key, "two");
      app.await(path, j -> j.at("/conversation/records").asInt() == 2);

      JsonNode sent = json(app.post("/v1/messages", "{\"key\":\"" + key + "\",\"text\":\"more\"}"));
      assertThat(sent.path("partition").asInt()).isEqualTo(3);
      app.await(path, j -> j.at("/conversation/records").asInt() == 3);
    }
  }

  private static int murmur2(String key) {
    return Utils.toPositive(Utils.murmur2(key.getBytes(StandardCharsets.UTF_8))) % 4;
  }

  private static int crc32(String key) {
    CRC32 crc = new CRC32();
    crc.update(key.getBytes(StandardCharsets.UTF_8));
    return (int) (crc.getValue() % 4);
  }

  @Test
  void shouldFindKeysInAnyPartitionOfAnyInstance() throws Exception {
    try (ServedApp one = instance("one", ServedApp.freePort());
        ServedApp two = instance("two", ServedApp.freePort())) {
      one.start();
      for (int partition = 0; partition < 4; partition++) {
        for (int i = 0; i < 4; i++) {
          one.send(partition, "key" + partition + i, "a b");
        }
      }
      two.start();
      for (ServedApp app : List.of(one, two)) {
        app.await("/v1/topology", QueriesTest::isSpreadOverTwo);
      }
      for (int key = 0; key < 4; key++) {
        for (int i = 0; i < 4; i++) {
          String path = "/v1/keys/key" + key + i + "?records=0";
          JsonNode found = one.await(path, j -> true);
          assertThat(two.await(path, j -> true)).isEqualTo(found);
          assertThat(found.at("/conversation/records").asInt()).isEqualTo(1);
        }
      }
      for (ServedApp app : List.of(one, two)) {
        for (int partition = 0; partition < 4; partition++) {
          String message = "{\"key\":\"key" + partition + "0\",\"text\":\"c\"}";
          JsonNode sent = json(app.post("/v1/messages", message));
          assertThat(sent.path("partition").asInt()).isEqualTo(partition);
        }
      }
      for (int i = 0; i < 8; i++) {
        assertProblem(one.get("/v1/keys/nobody" + i), 404, "there is no state for key");
        assertProblem(two.get("/v1/keys/nobody" + i), 404, "there is no state for key");
      }
      two.silence();
      for (int i = 0; i < 8; i++) {
        assertProblem(one.get("/v1/keys/nobody" + i), 503, "the key may be in partitions [");
        assertProblem(one.get("/v1/keys/nobody" + i + "?stale=true"), 503, "it may be in another");
      }
    }
  }

  private ServedApp streamsProtocol(String folder, int port) {
    return new ServedApp(
        broker,
        ServedApp.definition(name),
        LetterModel.of(1),
        state.resolve(folder),
        port,
        Map.of(
            "application.server",
            "127.0.0.1:" + port,
            "group.protocol",
            "streams",
            "num.stream.threads",
            "2"));
  }

  private static int partitionsOf(JsonNode topology, int port) {
    for (JsonNode instance : topology.path("instances")) {
      if (instance.path("host").asText().endsWith(":" + port)) {
        return instance.path("active").size();
      }
    }
    return 0;
  }

  private ServedApp instance(String folder, int port) {
    return new ServedApp(
        broker,
        ServedApp.definition(name),
        LetterModel.of(1),
        state.resolve(folder),
        port,
        Map.of(
            "application.server",
            "127.0.0.1:" + port,
            "num.standby.replicas",
            "1",
            "undercurrent.live.input",
            "true"));
  }

  private static boolean isSpreadOverTwo(JsonNode topology) {
    JsonNode instances = topology.path("instances");
    return instances.size() == 2
        && instances.get(0).path("active").size() == 2
        && instances.get(1).path("active").size() == 2
        && instances.get(0).path("standby").size() == 2
        && instances.get(1).path("standby").size() == 2;
  }

  /** Characters that an URI may not contain are answered alike by both instances. */
  private static void assertAnswersAsSent(String key, int onePort, int twoPort) throws Exception {
    for (String text : List.of("a|b", "\"a\"", "%7B%22", "a{b}\\", "%zz", "%", "%fc")) {
      String path = "/v1/keys/" + key + "/next?text=" + text;
      RawHttp.Answer one = RawHttp.get(onePort, path, "Host: localhost");
      RawHttp.Answer two = RawHttp.get(twoPort, path, "Host: localhost");
      assertThat(two.status()).isEqualTo(one.status());
      assertThat(two.body()).isEqualTo(one.body());
      boolean malformed = text.startsWith("%") && !text.startsWith("%7B");
      assertThat(one.status()).as(path).isEqualTo(malformed ? 400 : 200);
    }
  }

  /** An instance answers a forwarded request itself or refuses it. It never forwards it again. */
  private static void assertForwardedOnce(ServedApp one, ServedApp two, List<String> keys)
      throws Exception {
    int refused = 0;
    for (String key : keys) {
      for (ServedApp app : List.of(one, two)) {
        String path = "/v1/keys/" + key + "?records=0";
        HttpResponse<String> answer = app.askAsInstance(path + "&stale=true", "state");
        assertThat(answer.statusCode()).isIn(200, 421);
        if (answer.statusCode() == 421) {
          refused++;
          assertProblem(answer, 421, "no state of the key is in partitions [");
          awaitCopy(app, path);
        } else {
          assertThat(json(answer).path("stale").asBoolean()).isFalse();
        }
      }
    }
    assertThat(refused).isEqualTo(keys.size()); // each key is on one of the two
  }

  /** Waits until the standby has the key too. */
  private static void awaitCopy(ServedApp app, String path) throws Exception {
    HttpResponse<String> copy = app.askAsInstance(path, "copy");
    while (copy.statusCode() != 200) { // at most until the test times out
      assertThat(copy.statusCode()).isIn(404, 421);
      Thread.sleep(50);
      copy = app.askAsInstance(path, "copy");
    }
    assertThat(json(copy).path("stale").asBoolean()).isTrue();
  }

  /** The other instance has stopped answering, and the group has not noticed it yet. */
  private static void assertAnsweredFromCopies(
      ServedApp one, List<String> keys, int twoPort, ServedApp two) throws Exception {
    List<String> theirs = new ArrayList<>();
    for (String key : keys) {
      String instance = json(one.get("/v1/keys/" + key + "?records=0")).path("instance").asText();
      if (instance.endsWith(":" + twoPort)) {
        theirs.add(key);
        one.await( // until the standby has it
            "/v1/keys/" + key + "?stale=true&records=0", j -> !j.path("stale").asBoolean());
      }
    }
    two.silence();
    for (String key : theirs) {
      HttpResponse<String> fresh = one.get("/v1/keys/" + key);
      assertProblem(fresh, 503, "do not answer");
      assertThat(fresh.headers().firstValue("Retry-After")).isPresent();
      JsonNode copy = one.await("/v1/keys/" + key + "?stale=true", j -> true);
      assertThat(copy.path("stale").asBoolean()).isTrue();
      assertThat(copy.at("/conversation/records").asInt()).isEqualTo(1);
    }
    assertThat(theirs).isNotEmpty();
  }

  private static void assertProblem(HttpResponse<String> answer, int status, String detail)
      throws IOException {
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(status);
    assertThat(answer.headers().firstValue("content-type").orElse(""))
        .startsWith("application/problem+json");
    JsonNode problem = json(answer);
    assertThat(problem.path("status").asInt()).isEqualTo(status);
    assertThat(problem.path("detail").asText()).contains(detail).doesNotContain("\n");
  }
}
