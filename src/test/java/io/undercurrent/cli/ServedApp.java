package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undercurrent.app.Meters;
import io.undercurrent.app.StreamsApp;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.model.Model;
import io.undercurrent.serve.HttpEndpoint;
import io.undercurrent.serve.Serving;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** An app with its HTTP endpoint, as {@code run} starts it. */
final class ServedApp implements AutoCloseable {

  private static final JsonMapper JSON = new JsonMapper();
  private static final HttpClient CLIENT =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  /** Every answer of every app is checked against it. */
  static final OpenApi OPEN_API = new OpenApi();

  private final String name;
  private final KafkaProducer<byte[], byte[]> producer;
  private final StreamsApp app;
  private final HttpEndpoint http;

  /** A definition whose values are texts and whose topics start with a name. */
  static TopologyDefinition definition(String name) {
    return definition(name, KeyEncoding.TEXT);
  }

  static TopologyDefinition definition(String name, KeyEncoding keyEncoding) {
    return new TopologyDefinition(
        name,
        List.of(name),
        null,
        null,
        keyEncoding,
        "unused",
        5,
        "hidden-state",
        name + "-out",
        name + "-dead");
  }

  static int freePort() {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Starts the endpoint. The app is not started. */
  ServedApp(
      EmbeddedBroker broker,
      TopologyDefinition definition,
      Model model,
      Path state,
      int port,
      Map<String, String> settings) {
    this.name = definition.name();
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    Map<String, String> all = new HashMap<>();
    all.put("application.id", definition.name());
    all.put("bootstrap.servers", broker.bootstrapServers());
    all.put("state.dir", state.toString());
    all.put("undercurrent.topics.partitions", "4");
    all.putAll(settings);
    UndercurrentConfig config = UndercurrentConfig.of(all);
    PrometheusMeterRegistry registry = Meters.registry(definition);
    app = new StreamsApp(definition, config, model, registry);
    http = Serving.start(config, port, definition, app, registry);
  }

  StreamsApp app() {
    return app;
  }

  ServedApp start() throws InterruptedException {
    app.checkTopics(true);
    app.start();
    app.awaitRunning();
    return this;
  }

  /** Sends texts of one key. A null is a tombstone. */
  void send(String key, String... texts) {
    send(key.getBytes(UTF_8), texts);
  }

  /** Sends a text as a client does that chooses the partition by a rule of its own. */
  void send(int partition, String key, String text) {
    producer.send(new ProducerRecord<>(name, partition, key.getBytes(UTF_8), text.getBytes(UTF_8)));
    producer.flush();
  }

  void send(byte[] key, String... texts) {
    for (String text : texts) {
      byte[] value = text == null ? null : text.getBytes(UTF_8);
      producer.send(new ProducerRecord<>(name, key, value));
    }
    producer.flush();
  }

  String address() {
    return http.address();
  }

  HttpResponse<String> get(String path, String... headers) throws Exception {
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(address() + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    return checked("GET", path, request.timeout(Duration.ofSeconds(30)));
  }

  /**
   * Sends a request as another instance does. Its answer is not in the OpenAPI description.
   *
   * @param wanted {@code state} or {@code copy}
   */
  HttpResponse<String> askAsInstance(String path, String wanted) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(URI.create(address() + path))
            .timeout(Duration.ofSeconds(30))
            .header("Undercurrent-Forwarded", wanted)
            .build(),
        BodyHandlers.ofString());
  }

  HttpResponse<String> post(String path, String body) throws Exception {
    return post(path, body, "application/json");
  }

  HttpResponse<String> post(String path, String body, String type) throws Exception {
    return checked(
        "POST",
        path,
        HttpRequest.newBuilder(URI.create(address() + path))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", type)
            .POST(BodyPublishers.ofString(body)));
  }

  private static HttpResponse<String> checked(
      String method, String path, HttpRequest.Builder request) throws Exception {
    HttpResponse<String> answer = CLIENT.send(request.build(), BodyHandlers.ofString());
    OPEN_API.check(method, path, answer, answer.body());
    return answer;
  }

  /** Opens an endless stream of lines. The caller checks them. */
  HttpResponse<Stream<String>> stream(String path) throws Exception {
    return CLIENT.send(
        HttpRequest.newBuilder(URI.create(address() + path)).build(), BodyHandlers.ofLines());
  }

  /** Repeats a request until the answer is 200 and matches. */
  JsonNode await(String path, Predicate<JsonNode> wanted) throws Exception {
    HttpResponse<String> last = null;
    for (long end = System.nanoTime() + 30_000_000_000L; System.nanoTime() < end; ) {
      last = get(path);
      if (last.statusCode() == 200 && wanted.test(JSON.readTree(last.body()))) {
        return JSON.readTree(last.body());
      }
      Thread.sleep(50);
    }
    throw new AssertionError(path + " was last answered: " + last.statusCode() + " " + last.body());
  }

  static JsonNode json(HttpResponse<String> answer) throws IOException {
    return json(answer.body());
  }

  static JsonNode json(String text) throws IOException {
    return JSON.readTree(text);
  }

  /** Stops the endpoint. The app continues. */
  void silence() {
    http.close();
  }

  @Override
  public void close() {
    http.close();
    app.close();
    producer.close();
  }
}
