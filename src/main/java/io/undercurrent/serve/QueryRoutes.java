package io.undercurrent.serve;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.javalin.config.JavalinConfig;
import io.javalin.config.RoutesConfig;
import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.query.NotAvailableException;
import io.undercurrent.query.internals.OnDemand;
import io.undercurrent.query.internals.StoredKey;
import io.undercurrent.query.internals.StreamsQueries;
import io.undercurrent.query.internals.StreamsQueries.Host;
import io.undercurrent.query.internals.StreamsQueries.Instance;
import io.undercurrent.query.internals.StreamsQueries.KeyLocation;
import io.undercurrent.query.internals.UnknownKeyException;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Queries about keys. Every instance answers about every key.
 *
 * <table>
 * <caption>Routes, as {@code /openapi.json} describes them</caption>
 * <tr><td>{@code GET /v1/keys/{key}}</td><td>the state of a key's conversation</td></tr>
 * <tr><td>{@code GET /v1/keys/{key}/next}</td><td>the likeliest next tokens after a text</td></tr>
 * <tr><td>{@code POST /v1/enrich}</td><td>enriches a record of a fresh key</td></tr>
 * <tr><td>{@code GET /v1/topology}</td><td>topics, stores and instances</td></tr>
 * <tr><td>{@code GET /openapi.json}</td><td>the description</td></tr>
 * </table>
 *
 * <p>An instance that does not have a key forwards the request to the one that has it. While the
 * key's state moves or is restored the answer is 503 with Retry-After. With {@code stale=true} a
 * copy may answer instead (a standby, or what is restored so far), and the answer says so. No query
 * changes a state. Thread-safe.
 */
final class QueryRoutes implements Routes {

  /** Answers that are computed at the same time. */
  private static final int COMPUTING = 2;

  /** Bodies that are received at the same time: a slow sender holds a thread. */
  private static final int RECEIVING = 8;

  private static final int RETRY_SECONDS = 1;
  private static final int MAX_LAST_RECORDS = 50;
  private static final int USUAL_LAST_RECORDS = 5;
  private static final int MAX_TEXT_CHARS = 4_000;

  private final StreamsQueries queries;
  private final TopologyDefinition definition;
  private final String description;
  private final LiveFeed feed; // null where the enriched topic is not followed
  private final Limited<OnDemand> computing;
  private final OnDemand about;
  private final Semaphore receiving = new Semaphore(RECEIVING);
  private final Forwarding forwarding;
  private final Shown shown;

  /**
   * @param onDemand makes one computer of answers
   * @param description of the topology as Kafka Streams prints it
   * @param feed the last enriched records; null to answer without a key's last records
   * @param forwarding asks other instances
   * @param shown what the settings allow
   */
  public QueryRoutes(
      StreamsQueries queries,
      Supplier<OnDemand> onDemand,
      TopologyDefinition definition,
      String description,
      LiveFeed feed,
      Forwarding forwarding,
      Shown shown) {
    this.forwarding = forwarding;
    this.shown = shown;
    this.queries = queries;
    this.definition = definition;
    this.description = description;
    this.feed = feed;
    computing = new Limited<>(COMPUTING, onDemand);
    about = onDemand.get();
  }

  @Override
  public void add(JavalinConfig config) {
    RoutesConfig routes = config.routes;
    routes.get("/openapi.json", QueryRoutes::openApi);
    routes.get("/v1/keys/{key}", ctx -> answer(ctx, Set.of("records"), this::key));
    routes.get("/v1/keys/{key}/next", ctx -> answer(ctx, Set.of("text", "count"), this::next));
    routes.post("/v1/enrich", this::enrich);
    routes.get("/v1/topology", this::topology);
    routes.exception(UnknownKeyException.class, (e, ctx) -> unknown(ctx, e).answer(ctx));
    routes.exception(NotAvailableException.class, (e, ctx) -> retry(e).answer(ctx));
  }

  private Problem unknown(Context ctx, UnknownKeyException e) {
    String key = Parameters.key(ctx, definition.keyEncoding()).text();
    return Problem.notFound(
        "there is no state for key \"%s\": %s"
            .formatted(Parameters.shortened(key), e.getMessage()));
  }

  private static Problem retry(NotAvailableException e) {
    return Problem.unavailable(e.getMessage(), RETRY_SECONDS);
  }

  /** Answers about a key, or forwards the request to the instance that has the key. */
  private void answer(
      Context ctx, Set<String> parameters, Function<Question, ObjectNode> questions) {
    shown.requireKeys();
    Set<String> all = new HashSet<>(parameters);
    all.addAll(Set.of("keyEncoding", "stale"));
    Parameters.only(ctx, all);
    KeyText keyText = Parameters.key(ctx, definition.keyEncoding());
    boolean stale = Parameters.flag(ctx, "stale");
    Question question = new Question(ctx, keyText);
    question.check();
    byte[] key = definition.keyEncoding().bytes(keyText.text());
    question.stored =
        Forwarding.isForwarded(ctx)
            ? readForAnother(ctx, key, Forwarding.takesCopy(ctx))
            : find(ctx, key, stale);
    if (question.stored != null) {
      ctx.contentType("application/json").result(Answers.bytes(questions.apply(question)));
    }
  }

  /** Reads for another instance, which asks the next one if the key is not here. */
  private StoredKey readForAnother(Context ctx, byte[] key, boolean stale) {
    Set<Integer> searched = new HashSet<>();
    try {
      return queries.read(queries.locate(key), key, stale, searched);
    } catch (NotAvailableException e) {
      Forwarding.tell(ctx, searched);
      throw Problem.misdirected(e.getMessage());
    }
  }

  /**
   * Tries the active state first, on whichever instance it is, and then a copy if that is allowed.
   *
   * @return null if another instance has answered
   */
  private StoredKey find(Context ctx, byte[] key, boolean stale) {
    KeyLocation location = queries.locate(key);
    Set<Integer> searched = new HashSet<>();
    try {
      return queries.read(location, key, false, searched);
    } catch (NotAvailableException e) {
      Stream<Host> hosts = Stream.concat(owner(location), location.others().stream());
      if (passOn(ctx, hosts, Forwarding.STATE, searched)) {
        return null;
      }
      Set<Integer> left = queries.left(searched);
      if (!stale) {
        throw queries.placed() ? unanswered(location, e) : unsearched(left, e);
      }
    }
    try {
      return queries.read(location, key, true, searched);
    } catch (NotAvailableException e) {
      Stream<Host> copies = Stream.concat(location.standbys().stream(), location.others().stream());
      if (passOn(ctx, copies, Forwarding.COPY, searched)) {
        return null;
      }
      throw e;
    }
  }

  private Stream<Host> owner(KeyLocation location) {
    Host active = location.active();
    return active == null || active.equals(queries.self()) || !active.reachable()
        ? Stream.of()
        : Stream.of(active);
  }

  /** Forwards to each host until one answers. */
  private boolean passOn(Context ctx, Stream<Host> hosts, String wanted, Set<Integer> searched) {
    return hosts.distinct().anyMatch(host -> forwarding.answer(ctx, host, wanted, searched));
  }

  private static RuntimeException unsearched(Set<Integer> left, NotAvailableException notHere) {
    return Problem.unavailable(
        "the key may be in partitions %s, which do not answer: they may be moving, or their instance does not say how to ask it (application.server); %s"
            .formatted(left, notHere.getMessage()),
        RETRY_SECONDS);
  }

  private RuntimeException unanswered(KeyLocation location, NotAvailableException notHere) {
    Host active = location.active();
    if (active == null || active.equals(queries.self())) {
      return notHere;
    }
    return Problem.unavailable(
        active.reachable()
            ? "the instance that has the key, at %s, does not answer: its partitions may be moving"
                .formatted(active)
            : "the key is on another instance, which does not say how to ask it: set"
                + " application.server",
        RETRY_SECONDS);
  }

  /** A request about a key, and the state that was found. */
  private final class Question {
    private final Context ctx;
    private final KeyText key;
    private StoredKey stored;

    Question(Context ctx, KeyText key) {
      this.ctx = ctx;
      this.key = key;
    }

    /** Refuses bad parameters before the state is looked for. */
    void check() {
      if (text().length() > MAX_TEXT_CHARS) {
        throw Problem.badRequest(
            "text must have at most %d chars, found %d".formatted(MAX_TEXT_CHARS, text().length()));
      }
      count();
      records();
    }

    String text() {
      String text = ctx.queryParam("text");
      return text == null ? "" : text;
    }

    int count() {
      int usual = Math.max(1, about.defaultNext());
      return (int) Parameters.integer(ctx, "count", usual, 1, OnDemand.MAX_NEXT);
    }

    int records() {
      return (int) Parameters.integer(ctx, "records", USUAL_LAST_RECORDS, 0, MAX_LAST_RECORDS);
    }

    /** The fields that every answer about a key has. */
    ObjectNode json() {
      ObjectNode json = Answers.object();
      Answers.put(json, key);
      json.set("model", Answers.of(about.model()));
      json.put("stale", stored.stale());
      if (stored.behind() != null) {
        json.put("behind", stored.behind());
      }
      if (queries.self().reachable()) {
        json.put("instance", queries.self().toString());
      }
      return json;
    }
  }

  private ObjectNode key(Question question) {
    StoredKey stored = question.stored;
    ObjectNode json = question.json();
    Conversation conversation = stored.conversation();
    json.putObject("conversation")
        .put("score", conversation.score())
        .put("records", conversation.records())
        .put("tokens", conversation.tokens());
    json.put("lastTimestamp", stored.lastTimestampMs());
    json.set("next", next(stored, "", question.count()));
    if (feed != null && question.records() > 0) {
      ArrayNode last = json.putArray("lastRecords");
      feed.last(question.key, question.records())
          .forEach(record -> last.add(LiveRecord.summary(record, shown.texts())));
      feed.problem().ifPresent(problem -> json.put("lastRecordsProblem", problem));
    }
    return json;
  }

  private ObjectNode next(Question question) {
    ObjectNode json = question.json().put("text", question.text());
    json.set("next", next(question.stored, question.text(), question.count()));
    return json;
  }

  private ArrayNode next(StoredKey stored, String text, int count) {
    List<NextToken> next = computing.with(onDemand -> onDemand.next(stored, text, count));
    return Answers.of(next);
  }

  private void enrich(Context ctx) {
    shown.requireEnrich();
    Parameters.only(ctx, Set.of());
    ObjectNode body = body(ctx, receiving);
    Parameters.onlyFields(body, Set.of("key", "text", "timestamp"));
    String text = Parameters.string(body, "text");
    KeyText key =
        body.has("key")
            ? Parameters.key(Parameters.string(body, "key"), definition.keyEncoding())
            : new KeyText("", null);
    Long timestampMs = Parameters.integerOrNull(body, "timestamp");
    EnrichedRecord enriched = computing.with(onDemand -> onDemand.enrich(key, text, timestampMs));
    ctx.contentType("application/json").result(Answers.bytes(Answers.of(enriched)));
  }

  /**
   * A request's JSON body.
   *
   * @param receiving one permit for each body that may be received at the same time
   */
  static ObjectNode body(Context ctx, Semaphore receiving) {
    String type = ctx.contentType();
    if (type == null || !type.toLowerCase(Locale.ROOT).startsWith("application/json")) {
      throw new Problem(
          HttpStatus.UNSUPPORTED_MEDIA_TYPE,
          "the body must be application/json, found "
              + (type == null ? "nothing" : Parameters.shortened(type)));
    }
    if (!receiving.tryAcquire()) {
      throw Problem.unavailable("too many bodies are being received: try again in a moment", 1);
    }
    try {
      return Answers.read(ctx.bodyAsBytes());
    } finally {
      receiving.release();
    }
  }

  private void topology(Context ctx) {
    Parameters.only(ctx, Set.of());
    ObjectNode json = Answers.object().put("name", definition.name());
    definition.topics().forEach(json.putArray("topics")::add);
    json.put("text", definition.text() == null ? null : definition.text().toString());
    json.put("key", definition.key() == null ? null : definition.key().toString());
    json.put("store", definition.store());
    json.put("enriched", definition.enriched());
    json.put("deadLetters", definition.deadLetters());
    json.set("model", Answers.of(about.model()));
    json.put("state", queries.state());
    json.put("lag", queries.inputLag(definition.topics()));
    ArrayNode instances = json.putArray("instances");
    for (Instance instance : queries.instances()) {
      ObjectNode node = instances.addObject();
      node.put("host", instance.host().reachable() ? instance.host().toString() : null);
      instance.active().forEach(node.putArray("active")::add);
      instance.standby().forEach(node.putArray("standby")::add);
    }
    json.put("description", description);
    ctx.contentType("application/json").result(Answers.bytes(json));
  }

  private static void openApi(Context ctx) throws IOException {
    try (InputStream in = QueryRoutes.class.getResourceAsStream("openapi.json")) {
      ctx.contentType("application/json").result(in.readAllBytes());
    }
  }

  @Override
  public void close() {
    // A query leaves nothing running.
  }
}
