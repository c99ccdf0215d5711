package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.LetterModel;
import io.undercurrent.RawHttp;
import io.undercurrent.broker.EmbeddedBroker;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** All answers of all routes, also errors, match {@code /openapi.json}. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class OpenApiAnswersTest {

  /** Needs another conversation whose reading takes more than five seconds. */
  private static final Set<String> NOT_PROVOKED = Set.of("GET /v1/keys/{key}/trace 503");

  private static final OpenApi OPEN_API =
      ServedApp.OPEN_API; // checks the answer to each get and post below
  private static final String TOO_LARGE = "{\"text\":\"" + "a".repeat(1 << 20) + "\"}";

  @TempDir Path folder;

  @Test
  void shouldDescribeEveryAnswerAsItIs() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("broker"))) {
      try (ServedApp app = app(broker, "shut", Map.of())) { // not started
        for (String path : List.of("/v1/keys/k", "/v1/keys/k/next", "/v1/topology")) {
          assertThat(app.get(path).statusCode()).isEqualTo(503);
        }
        assertThat(app.get("/health/ready").statusCode()).isEqualTo(503);
        assertThat(app.post("/v1/messages", "{\"key\":\"k\",\"text\":\"a\"}").statusCode())
            .isEqualTo(403);
        app.app().close();
        assertThat(app.get("/health/live").statusCode()).isEqualTo(503);
      }
      Map<String, String> open =
          Map.of("undercurrent.live.input", "true", "undercurrent.live.streams", "1");
      try (ServedApp app = app(broker, "open", open).start()) {
        askWell(app);
        askBadly(app);
        listen(app);
        sendSlowly(app);
      }
      Path token = Files.writeString(folder.resolve("token"), "0123456789abcdef");
      try (ServedApp app =
          app(broker, "locked", Map.of("undercurrent.http.token.file", token.toString()))) {
        askAsAStranger(app);
      }
      try (ServedApp app = app(broker, "gone", open)) { // the topics do not exist
        assertThat(app.post("/v1/messages", "{\"key\":\"k\",\"text\":\"a\"}").statusCode())
            .isEqualTo(503);
      }
    }
    Set<String> provoked = new TreeSet<>(OPEN_API.seen());
    provoked.addAll(NOT_PROVOKED);
    assertThat(provoked).isEqualTo(OPEN_API.described());
  }

  private ServedApp app(EmbeddedBroker broker, String name, Map<String, String> settings) {
    return new ServedApp(
        broker,
        ServedApp.definition("answers-" + name),
        LetterModel.looking(3),
        folder.resolve(name),
        0,
        settings);
  }

  /** Without the token, and from another page. */
  private static void askAsAStranger(ServedApp app) throws Exception {
    int port = URI.create(app.address()).getPort();
    for (String answer : OPEN_API.described()) {
      String[] parts = answer.split(" ");
      if (parts[2].equals("401") || parts[2].equals("403")) {
        String path = parts[1].replace("{key}", "k");
        String origin = parts[2].equals("401") ? "" : "Origin: http://evil.example\r\n";
        RawHttp.Answer refused =
            RawHttp.send(
                port,
                parts[0]
                    + " "
                    + path
                    + " HTTP/1.1\r\nHost: localhost\r\n"
                    + origin
                    + "Content-Length: 0\r\nConnection: close\r\n\r\n");
        assertThat(refused.status()).as(answer).isEqualTo(Integer.parseInt(parts[2]));
        OPEN_API.check(parts[0], path, refused.status(), refused::header, refused.body());
      }
    }
  }

  private static void askWell(ServedApp app) throws Exception {
    app.send("k", "a b c", "", "d zz e f", "g");
    app.await("/v1/keys/k", j -> j.at("/lastRecords/3").isObject());
    app.await("/v1/keys/k/next?text=a", j -> true);
    JsonNode trace = app.await("/v1/keys/k/trace", j -> j.path("records").size() == 4);
    assertThat(trace.at("/records/3/attention/records").isEmpty())
        .isFalse(); // so the schema's attention is checked too
    app.await("/v1/topology", j -> true);
    app.await("/health/live", j -> true);
    app.await("/health/ready", j -> true);
    app.await("/openapi.json", j -> true);
    for (String path : List.of("/", "/metrics")) {
      assertThat(app.get(path).statusCode()).isEqualTo(200);
    }
    assertThat(app.post("/v1/enrich", "{\"text\":\"a b\"}").statusCode()).isEqualTo(200);
    assertThat(app.post("/v1/enrich", "{\"text\":\"\"}").statusCode()).isEqualTo(200);
    assertThat(app.post("/v1/messages", "{\"key\":\"m\",\"text\":\"a\"}").statusCode())
        .isEqualTo(202);
  }

  private static void askBadly(ServedApp app) throws Exception {
    for (String path :
        List.of("/v1/keys/nobody", "/v1/keys/nobody/next", "/v1/keys/nobody/trace")) {
      assertThat(app.get(path).statusCode()).isEqualTo(404);
      assertThat(app.get(path + "?no=1").statusCode()).isEqualTo(400);
    }
    assertThat(app.get("/v1/topology?no=1").statusCode()).isEqualTo(400);
    for (String path : List.of("/v1/enrich", "/v1/messages")) {
      assertThat(app.post(path, "[]").statusCode()).isEqualTo(400);
      assertThat(app.post(path, TOO_LARGE).statusCode()).isEqualTo(413);
      assertThat(app.post(path, "a", "text/plain").statusCode()).isEqualTo(415);
    }
  }

  /** Reads events until each kind has come. A second listener is refused. */
  private static void listen(ServedApp app) throws Exception {
    HttpResponse<Stream<String>> answer = app.stream("/v1/live");
    try (Stream<String> lines = answer.body()) {
      OPEN_API.check("GET", "/v1/live", answer, null);
      assertThat(app.get("/v1/live").statusCode()).isEqualTo(503);
      app.send("k", (String) null);
      Set<String> kinds = new HashSet<>();
      String event = "";
      Iterator<String> line = lines.iterator();
      while (!kinds.containsAll(Set.of("hello", "status", "LiveRecord", "LiveForgotten"))) {
        String next = line.next();
        if (next.startsWith("event: ")) {
          event = next.substring(7);
        } else if (next.startsWith("data: ")) {
          check(event, next.substring(6), kinds);
        }
      }
    }
  }

  private static void check(String event, String data, Set<String> kinds) throws Exception {
    switch (event) {
      case "hello" -> OPEN_API.check("LiveHello", data);
      case "status" -> OPEN_API.check("LiveStatus", data);
      default -> {
        assertThat(event).isEqualTo("records");
        for (JsonNode record : ServedApp.json(data)) {
          String kind = record.has("forgotten") ? "LiveForgotten" : "LiveRecord";
          OPEN_API.check(kind, record.toString());
          kinds.add(kind);
        }
      }
    }
    kinds.add(event);
  }

  /** Sends as many bodies as are received at once, and ends none of them. */
  private static void sendSlowly(ServedApp app) throws Exception {
    int port = URI.create(app.address()).getPort();
    List<Socket> slow = new ArrayList<>();
    try {
      int status;
      do { // until all places are taken; a request of ours may have taken one from a slow one
        Socket socket = new Socket("127.0.0.1", port);
        slow.add(socket);
        OutputStream out = socket.getOutputStream();
        out.write(
            ("POST /v1/enrich HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + "Content-Length: 1000\r\n\r\n{")
                .getBytes(StandardCharsets.US_ASCII));
        out.flush();
        status = app.post("/v1/enrich", "{\"text\":\"a\"}").statusCode();
      } while (status == 200);
      assertThat(status).isEqualTo(503);
    } finally {
      for (Socket socket : slow) {
        socket.close();
      }
    }
  }
}
