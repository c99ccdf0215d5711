package io.undercurrent.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.JavalinConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.javalin.http.sse.SseClient;
import io.javalin.http.staticfiles.Location;
import io.javalin.http.staticfiles.StaticFileConfig;
import io.undercurrent.app.SourceTopic;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.Source;
import io.undercurrent.query.internals.ConversationTrace;
import io.undercurrent.query.internals.StreamsQueries;
import io.undercurrent.query.internals.TracedRecord;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The live page and the routes that it reads from.
 *
 * <table>
 * <caption>Routes</caption>
 * <tr><td>{@code GET /}</td><td>the page; its files under {@code /page/}</td></tr>
 * <tr><td>{@code GET /v1/live}</td><td>records as they are enriched, as server-sent events</td></tr>
 * <tr><td>{@code GET /v1/keys/{key}/trace}</td><td>a key's last records, token by token</td></tr>
 * <tr><td>{@code POST /v1/messages}</td><td>a message into the source topic, where allowed</td></tr>
 * </table>
 *
 * <p>Events of {@code /v1/live}: first {@code hello}, then {@code records} with up to {@value
 * #BATCH} summaries ten times a second, and {@code status} once a second. A viewer who reconnects
 * with Last-Event-ID continues after that event if it is still kept. Each viewer has its own
 * thread, so a slow viewer delays no other. When all streams are taken the answer is 503 with
 * Retry-After.
 */
final class LiveRoutes implements Routes {

  /** The page loads nothing from other hosts, and a record's text cannot run as a script. */
  private static final String POLICY =
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
          + " img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private static final int BATCH = 20;
  private static final long TICK_MS = 100;
  private static final long STATUS_NANOS = 1_000_000_000;
  private static final int RETRY_SECONDS = 10;
  private static final int RECEIVING = 4;
  private static final int MAX_KEY_CHARS = 200;
  private static final int MAX_TEXT_CHARS = 10_000;
  private static final int SEND_SECONDS = 10;

  private final LiveFeed feed;
  private final int streams;
  private final Semaphore places; // one for each stream
  private final StreamsQueries queries;
  private final TopologyDefinition definition;
  private final ModelIdentity model;
  private final SourceTopic input; // null where none may be written
  private final Shown shown;
  private final Traces traces;
  private final Semaphore receiving = new Semaphore(RECEIVING);

  /**
   * @param streams the largest number of viewers at the same time
   * @param traces makes a reader of conversations
   * @param input takes the messages that are typed into the page; null where none may be sent
   * @param shown what the settings allow
   */
  public LiveRoutes(
      LiveFeed feed,
      int streams,
      StreamsQueries queries,
      TopologyDefinition definition,
      ModelIdentity model,
      Supplier<ConversationTrace> traces,
      SourceTopic input,
      Shown shown) {
    this.feed = feed;
    this.streams = streams;
    places = new Semaphore(streams);
    this.queries = queries;
    this.definition = definition;
    this.model = model;
    this.traces = new Traces(traces);
    this.input = input;
    this.shown = shown;
  }

  @Override
  public void add(JavalinConfig config) {
    config.staticFiles.add(files -> page(files, "/", "io/undercurrent/serve/site"));
    config.staticFiles.add(files -> page(files, "/page/uplot", uplot()));
    config.routes.get("/v1/live", this::live);
    config.routes.get("/v1/keys/{key}/trace", this::trace);
    config.routes.post("/v1/messages", this::message);
  }

  private static void page(StaticFileConfig files, String path, String folder) {
    files.hostedPath = path;
    files.directory = folder;
    files.location = Location.CLASSPATH;
    files.headers =
        Map.of(
            "Content-Security-Policy",
            POLICY,
            "Referrer-Policy",
            "no-referrer",
            "Cache-Control",
            "no-cache"); // the browser asks each time; the answer is 304 if the ETag is unchanged
  }

  /** The charts' library on the class path. Its WebJar has the version in the path. */
  private static String uplot() {
    Properties maven = new Properties();
    try (InputStream in =
        LiveRoutes.class.getResourceAsStream(
            "/META-INF/maven/org.webjars.npm/uplot/pom.properties")) {
      maven.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return "META-INF/resources/webjars/uplot/" + maven.getProperty("version");
  }

  /**
   * Begins a stream. Javalin's {@code SseHandler} would answer nothing to a client that accepts any
   * type, such as curl: it looks for {@code text/event-stream} in the Accept header.
   */
  private void live(Context ctx) {
    if (!places.tryAcquire()) {
      throw Problem.unavailable(
          "all %d live streams are taken: come back in a moment, or raise undercurrent.live.streams"
              .formatted(streams),
          RETRY_SECONDS);
    }
    ctx.disableCompression();
    ctx.res().setContentType("text/event-stream");
    ctx.res().setCharacterEncoding("UTF-8");
    ctx.res().setHeader("X-Accel-Buffering", "no");
    String last = ctx.header("Last-Event-ID"); // gone with the client when the stream begins
    boolean begun = false;
    try {
      SseClient client = new SseClient(ctx);
      ctx.async(() -> live(client, last));
      begun = true;
    } finally {
      if (!begun) {
        places.release();
      }
    }
  }

  private void live(SseClient client, String last) {
    try (Viewer viewer = feed.view(last)) {
      send(client, "hello", hello(viewer), null);
      show(viewer, client);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      places.release();
    }
  }

  /**
   * Sends events until the feed is closed, the viewer leaves, or the viewer reads nothing for the
   * connection's idle time.
   */
  private void show(Viewer viewer, SseClient client) throws InterruptedException {
    long statusNanos = System.nanoTime() - STATUS_NANOS;
    boolean past = true; // kept records are sent at once, in few events
    while (!feed.isClosed() && !client.terminated()) {
      long begin = System.nanoTime();
      List<LiveRecord> taken = viewer.take(past ? Viewer.QUEUE : BATCH, TICK_MS);
      past = false;
      if (!taken.isEmpty()) {
        ArrayNode summaries = Answers.array();
        taken.forEach(event -> summaries.add(event.summary(shown.texts())));
        send(client, "records", summaries, feed.id(taken.get(taken.size() - 1)));
      }
      if (System.nanoTime() - statusNanos >= STATUS_NANOS && !client.terminated()) {
        statusNanos = System.nanoTime();
        send(client, "status", status(viewer), null);
      }
      long restMs = TICK_MS - (System.nanoTime() - begin) / 1_000_000;
      if (restMs > 0 && !taken.isEmpty()) {
        Thread.sleep(restMs);
      }
    }
  }

  /** Sends an event, or closes the client if it has gone. */
  private static void send(SseClient client, String name, JsonNode json, String id) {
    try {
      // A stream is written as it is. Javalin would map other objects to JSON itself.
      client.sendEvent(name, new ByteArrayInputStream(Answers.bytes(json)), id);
    } catch (IllegalStateException | NullPointerException e) {
      client.close(); // Jetty has ended the request: nothing is left to write to
    }
  }

  private ObjectNode hello(Viewer viewer) {
    ObjectNode json = Answers.object().put("returning", viewer.returning());
    json.set("model", Answers.of(model));
    definition.topics().forEach(json.putArray("topics")::add);
    json.put("enriched", definition.enriched());
    return json.put("input", input != null);
  }

  private ObjectNode status(Viewer viewer) {
    LiveFeed.Status status = feed.status();
    ObjectNode json = Answers.object();
    json.put("records", status.records())
        .put("conversations", status.conversations())
        .put("perSecond", status.perSecond())
        .put("leftOut", viewer.leftOut())
        .put("lag", queries.inputLag(definition.topics()))
        .put("state", queries.state());
    feed.problem().ifPresent(problem -> json.put("problem", problem));
    return json;
  }

  private void trace(Context ctx) {
    shown.requireTexts();
    Parameters.only(ctx, Set.of("after", "keyEncoding"));
    KeyText key = Parameters.key(ctx, definition.keyEncoding());
    long after = Parameters.integer(ctx, "after", 0, 0, Long.MAX_VALUE);
    List<EnrichedRecord> atHand = feed.last(key, LiveFeed.KEPT);
    if (atHand.isEmpty()) {
      feed.problem().ifPresent(LiveRoutes::refuse);
    }
    if (atHand.isEmpty() && after == 0) {
      throw Problem.notFound(
          "no record of key \"%s\" is among the last %,d that came out"
              .formatted(Parameters.shortened(key.text()), LiveFeed.LOOK_BACK));
    }
    Traces.Part part =
        atHand.isEmpty() ? new Traces.Part(List.of(), true) : traces.read(key, atHand, after);
    ObjectNode json = Answers.object();
    Answers.put(json, key);
    json.put("complete", part.complete());
    ArrayNode records = json.putArray("records");
    for (TracedRecord record : part.records()) {
      records.add(Answers.of(record));
    }
    ctx.contentType("application/json").result(Answers.bytes(json));
  }

  private static void refuse(String problem) {
    throw Problem.unavailable(problem, RETRY_SECONDS);
  }

  private void message(Context ctx) {
    Parameters.only(ctx, Set.of());
    if (input == null) {
      throw new Problem(
          HttpStatus.FORBIDDEN,
          "messages are not taken here: undercurrent.live.input is false, or the source's values"
              + " cannot be written");
    }
    ObjectNode body = QueryRoutes.body(ctx, receiving);
    Parameters.onlyFields(body, Set.of("key", "text"));
    String key = bounded("key", Parameters.string(body, "key"), 1, MAX_KEY_CHARS);
    String text = bounded("text", Parameters.string(body, "text"), 1, MAX_TEXT_CHARS);
    KeyText keyText = Parameters.key(key, definition.keyEncoding());
    Source source = sent(keyText, text);
    ObjectNode json = Answers.object();
    Answers.put(json, keyText);
    json.put("topic", source.topic())
        .put("partition", source.partition())
        .put("offset", source.offset());
    ctx.status(HttpStatus.ACCEPTED).contentType("application/json").result(Answers.bytes(json));
  }

  private Source sent(KeyText key, String text) {
    try {
      return input.send(key.text(), text, partition(key)).get(SEND_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.unavailable("the endpoint is stopping", 1);
    } catch (ExecutionException | TimeoutException e) {
      throw Problem.unavailable(
          "topic %s did not take the message: %s".formatted(definition.topics().get(0), reason(e)),
          RETRY_SECONDS);
    }
  }

  /**
   * The partition of the key's state, which another client may have chosen; null to leave it to
   * Kafka's default partitioner. If the state is on another instance, the key's last records tell.
   */
  private Integer partition(KeyText key) {
    if (queries.placed() || definition.topics().size() > 1) {
      return null;
    }
    Integer here = queries.partitionOf(definition.keyEncoding().bytes(key.text()));
    if (here != null) {
      return here;
    }
    return feed.last(key, 1).stream()
        .map(EnrichedRecord::source)
        .filter(source -> source != null && definition.topics().contains(source.topic()))
        .map(Source::partition)
        .findFirst()
        .orElse(null);
  }

  private static String reason(Exception e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return String.valueOf(cause.getMessage()).replaceAll("\\s+", " ");
  }

  private static String bounded(String name, String value, int min, int max) {
    if (value.length() < min || value.length() > max) {
      throw Problem.badRequest(
          "%s must have %d to %d chars, found %d".formatted(name, min, max, value.length()));
    }
    return value;
  }

  @Override
  public void close() {
    feed.close();
    if (input != null) {
      input.close();
    }
  }
}
