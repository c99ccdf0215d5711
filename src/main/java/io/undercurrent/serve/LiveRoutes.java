package io.undercurrent.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.undercurrent.app.SourceTopic;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.Source;
import io.undercurrent.query.ConversationTrace;
import io.undercurrent.query.StreamsQueries;
import io.undercurrent.query.TracedRecord;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The live page and what it is fed with.
 *
 * <table>
 * <caption>Routes</caption>
 * <tr><td>{@code GET /}</td><td>the page; its files under {@code /page/}</td></tr>
 * <tr><td>{@code GET /v1/live}</td><td>what comes out, as server-sent events</td></tr>
 * <tr><td>{@code GET /v1/keys/{key}/trace}</td><td>a key's last records, token by token</td></tr>
 * <tr><td>{@code POST /v1/messages}</td><td>a message into the source topic, where allowed</td></tr>
 * </table>
 *
 * <p>Events of {@code /v1/live}: {@code hello} at first, {@code records} with up to {@value #BATCH}
 * summaries ten times a second, {@code status} once a second. Viewers who come back with
 * Last-Event-ID go on where they were, if that is still kept. Each viewer has a thread, so that a
 * slow one holds nobody up; who comes when all are taken is asked to come back later.
 */
final class LiveRoutes implements Routes {

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
  private final StreamsQueries queries;
  private final TopologyDefinition definition;
  private final ModelIdentity model;
  private final SourceTopic input; // null where none may be written
  private final Traces traces;
  private final Semaphore receiving = new Semaphore(RECEIVING);

  /**
   * @param streams viewers at once
   * @param traces makes what reads a conversation again
   * @param input where messages typed into the page go; null for none
   */
  public LiveRoutes(
      LiveFeed feed,
      int streams,
      StreamsQueries queries,
      TopologyDefinition definition,
      ModelIdentity model,
      Supplier<ConversationTrace> traces,
      SourceTopic input) {
    this.feed = feed;
    this.streams = streams;
    this.queries = queries;
    this.definition = definition;
    this.model = model;
    this.traces = new Traces(traces);
    this.input = input;
  }

  /** Threads that viewers may hold. */
  int streams() {
    return streams;
  }

  @Override
  public void add(RoutesConfig routes) {
    PageFiles.add(routes);
    routes.get("/v1/live", this::live);
    routes.get("/v1/keys/{key}/trace", this::trace);
    routes.post("/v1/messages", this::message);
  }

  private void live(Context ctx) throws IOException {
    try (Viewer viewer = feed.view(ctx.header("Last-Event-ID"), streams)) {
      if (viewer == null) {
        throw Problem.unavailable(
            "all %d live streams are taken: come back in a moment, or raise undercurrent.live.streams"
                .formatted(streams),
            RETRY_SECONDS);
      }
      ctx.disableCompression();
      ctx.res().setContentType("text/event-stream");
      ctx.res().setCharacterEncoding("UTF-8");
      ctx.res().setHeader("Cache-Control", "no-store");
      ctx.res().setHeader("X-Accel-Buffering", "no");
      OutputStream out = ctx.res().getOutputStream();
      send(out, "hello", null, hello(viewer));
      show(viewer, out);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      // The viewer has left, or took nothing for the connection's idle time.
    }
  }

  private void show(Viewer viewer, OutputStream out) throws IOException, InterruptedException {
    long statusNanos = System.nanoTime() - STATUS_NANOS;
    boolean past = true; // what is kept goes out at once, in few events
    while (!feed.isClosed()) {
      long begin = System.nanoTime();
      List<LiveRecord> taken = viewer.take(past ? Viewer.QUEUE : BATCH, TICK_MS);
      past = false;
      if (!taken.isEmpty()) {
        ArrayNode summaries = Json.array();
        taken.forEach(event -> summaries.add(event.summary()));
        send(out, "records", feed.id(taken.get(taken.size() - 1)), summaries);
      }
      if (System.nanoTime() - statusNanos >= STATUS_NANOS) {
        statusNanos = System.nanoTime();
        send(out, "status", null, status(viewer));
      }
      long restMs = TICK_MS - (System.nanoTime() - begin) / 1_000_000;
      if (restMs > 0 && !taken.isEmpty()) {
        Thread.sleep(restMs);
      }
    }
  }

  private ObjectNode hello(Viewer viewer) {
    ObjectNode json = Json.object().put("returning", viewer.returning());
    json.set("model", Json.of(model));
    definition.topics().forEach(json.putArray("topics")::add);
    json.put("enriched", definition.enriched());
    return json.put("input", input != null);
  }

  private ObjectNode status(Viewer viewer) {
    LiveFeed.Status status = feed.status();
    return Json.object()
        .put("records", status.records())
        .put("conversations", status.conversations())
        .put("perSecond", status.perSecond())
        .put("leftOut", viewer.leftOut())
        .put("lag", queries.inputLag(definition.topics()))
        .put("state", queries.state());
  }

  private static void send(OutputStream out, String event, String id, JsonNode data)
      throws IOException {
    StringBuilder head = new StringBuilder("event: ").append(event).append('\n');
    if (id != null) {
      head.append("id: ").append(id).append('\n');
    }
    out.write(head.append("data: ").toString().getBytes(StandardCharsets.UTF_8));
    out.write(Json.bytes(data)); // has no line ends
    out.write('\n');
    out.write('\n');
    out.flush();
  }

  private void trace(Context ctx) {
    Parameters.only(ctx, Set.of("after", "keyEncoding"));
    byte[] bytes = Parameters.key(ctx);
    long after = Parameters.integer(ctx, "after", 0, 0, Long.MAX_VALUE);
    LiveKey key = LiveKey.of(bytes);
    List<EnrichedRecord> atHand = feed.last(key, LiveFeed.KEPT);
    if (atHand.isEmpty() && after == 0) {
      throw Problem.notFound(
          "no record of key \"%s\" is among the last %,d that came out"
              .formatted(Parameters.shortened(key.text()), LiveFeed.LOOK_BACK));
    }
    Traces.Part part =
        atHand.isEmpty() ? new Traces.Part(List.of(), true) : traces.read(key, atHand, after);
    ObjectNode json = Json.object();
    key.put(json);
    json.put("complete", part.complete());
    ArrayNode records = json.putArray("records");
    for (TracedRecord record : part.records()) {
      records.add(Json.of(record));
    }
    ctx.contentType("application/json").result(Json.bytes(json));
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
    Source source = sent(key, text);
    ObjectNode json =
        Json.object()
            .put("topic", source.topic())
            .put("partition", source.partition())
            .put("offset", source.offset());
    ctx.status(HttpStatus.ACCEPTED).contentType("application/json").result(Json.bytes(json));
  }

  private Source sent(String key, String text) {
    try {
      return input.send(key, text).get(SEND_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.unavailable("the endpoint is stopping", 1);
    } catch (ExecutionException | TimeoutException e) {
      throw Problem.unavailable(
          "topic %s did not take the message: %s".formatted(definition.topics().get(0), reason(e)),
          RETRY_SECONDS);
    }
  }

  private static String reason(Exception e) {
    Throwable cause = e.getCause() == null ? e : e.getCause();
    return String.valueOf(cause.getMessage()).replaceAll("\\s+", " ");
  }

  private static String bounded(String name, String value, int least, int most) {
    if (value.length() < least || value.length() > most) {
      throw Problem.badRequest(
          "%s must have %d to %d chars, found %d".formatted(name, least, most, value.length()));
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
