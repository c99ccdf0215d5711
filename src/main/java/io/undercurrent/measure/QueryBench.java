package io.undercurrent.measure;

import io.undercurrent.measure.App.Sample;
import io.undercurrent.measure.Cluster.Input;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.DoubleHistogram;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;

/**
 * Measures the latency of queries over HTTP while the stream runs at a steady rate. It sends in
 * turn: {@code GET /v1/keys/{key}}, {@code GET /v1/keys/{key}/next} with the first words of a text,
 * and {@code POST /v1/enrich} with a whole text.
 *
 * <p>A query is sent at a fixed time, even if earlier ones are not answered yet, and its latency
 * starts at that time. Refused queries (503: too many requests) are counted, but have no latency.
 */
public final class QueryBench {

  private static final String FROM = "query-messages";
  private static final String TO = "query-enriched";
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int BEGINNING_CHARS = 20;
  private static final double MIN_SHARE_OF_RATE = 0.95;

  private final Setup setup;
  private final int batch;
  private final double queriesPerSecond;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();

  /** The routes that are queried. */
  private enum Route {
    KEY("GET /v1/keys/{key}"),
    NEXT("GET /v1/keys/{key}/next"),
    ENRICH("POST /v1/enrich");

    private final String path;

    Route(String path) {
      this.path = path;
    }
  }

  /**
   * The answer to one query: nanoseconds from when it was due, and the HTTP status, or 0 for no
   * answer.
   */
  private record Answer(long nanos, int status) {}

  /**
   * @param batch records computed in one batch
   * @param queriesPerSecond queries a second of each route
   */
  public QueryBench(Setup setup, int batch, double queriesPerSecond) {
    this.setup = setup;
    this.batch = batch;
    this.queriesPerSecond = queriesPerSecond;
  }

  /**
   * Sends queries for as long as {@link Setup#records()} records take at {@code rate}, and writes
   * {@code queries.json}. The first half warms up the JVM.
   *
   * @param rate records a second
   * @return the table
   */
  public String run(Cluster cluster, Path folder, double rate, Progress progress)
      throws InterruptedException {
    cluster.createTopic(FROM, 2);
    cluster.createTopic(TO, 2);
    Case what = new Case(Case.ENRICH, Case.EXACTLY_ONCE, batch, setup.threads());
    progress.begins("a record of each key", setup.keys());
    cluster.fill(FROM, setup.keys(), setup::input);
    try (App app =
        new App(cluster, what, "bench-queries", FROM, TO, folder, setup.modelPath(), true)) {
      app.watch(setup.keys(), progress);
      progress.ends("all keys known");
      try (Stream stream = new Stream(cluster, rate)) {
        Sample begin = app.sample();
        List<List<Answer>> answers = ask(app.address(), rate, progress);
        requireRate(rate, begin, app.sample());
        stream.throwIfFailed();
        progress.ends("all answered");
        Report report = new Report();
        for (Route route : Route.values()) {
          row(report, route, rate, answers.get(route.ordinal()));
        }
        report.write(setup.out().resolve("queries.json"));
        return report.table();
      }
    }
  }

  /**
   * Checks that the app keeps the rate: if it lags behind, the latencies do not belong to this
   * rate.
   */
  private static void requireRate(double rate, Sample begin, Sample end) {
    double found = (end.records() - begin.records()) / ((end.nanos() - begin.nanos()) / 1e9);
    if (found < MIN_SHARE_OF_RATE * rate) {
      throw new MeasureException(
          "%.0f records/s must be enriched during the queries, found %.0f: set a lower --rate"
              .formatted(rate, found));
    }
  }

  private List<List<Answer>> ask(String address, double rate, Progress progress)
      throws InterruptedException {
    int routes = Route.values().length;
    int questions = (int) (setup.records() / rate * queriesPerSecond) * routes;
    if (questions < 100 * routes) {
      throw new MeasureException(
          "at least 100 queries of each route must be sent, found time for %d: set a higher --records"
              .formatted(questions / routes));
    }
    progress.begins(
        "%.0f queries/s of each route, %.0f records/s".formatted(queriesPerSecond, rate),
        questions);
    List<CompletableFuture<Answer>> asked = new ArrayList<>();
    Pace pace = new Pace(queriesPerSecond * routes);
    for (int i = 0; i < questions; i++) {
      asked.add(ask(address, Route.values()[i % routes], i, pace.await(i)));
      progress.done(i + 1);
    }
    List<List<Answer>> answers = new ArrayList<>();
    for (int route = 0; route < routes; route++) {
      List<Answer> ofRoute = new ArrayList<>();
      for (int i = (int) setup.skipped(questions) / routes * routes + route;
          i < questions;
          i += routes) {
        ofRoute.add(asked.get(i).join());
      }
      answers.add(ofRoute);
    }
    return answers;
  }

  private CompletableFuture<Answer> ask(String address, Route route, int i, long due) {
    return client
        .sendAsync(request(address, route, i), BodyHandlers.ofByteArray())
        .thenApply(HttpResponse::statusCode)
        .exceptionally(failure -> 0)
        .thenApply(status -> new Answer(System.nanoTime() - due, status));
  }

  private HttpRequest request(String address, Route route, int i) {
    Input input = setup.input(i);
    String text = setup.texts().get(i % setup.texts().size());
    String key = address + "/v1/keys/" + new String(input.key(), StandardCharsets.UTF_8);
    HttpRequest.Builder request =
        switch (route) {
          case KEY -> HttpRequest.newBuilder(URI.create(key));
          case NEXT -> HttpRequest.newBuilder(URI.create(key + "/next?text=" + beginning(text)));
          case ENRICH ->
              HttpRequest.newBuilder(URI.create(address + "/v1/enrich"))
                  .header("Content-Type", "application/json")
                  .POST(BodyPublishers.ofByteArray(Values.json(text)));
        };
    return request.timeout(PATIENCE).build();
  }

  /** The whole words within a text's first 20 characters. */
  private static String beginning(String text) {
    int end = text.length() <= BEGINNING_CHARS ? -1 : text.lastIndexOf(' ', BEGINNING_CHARS);
    return URLEncoder.encode(end < 0 ? text : text.substring(0, end), StandardCharsets.UTF_8);
  }

  private void row(Report report, Route route, double rate, List<Answer> answers) {
    DoubleHistogram ms = new DoubleHistogram(Report.DIGITS);
    answers.stream()
        .filter(answer -> answer.status == 200)
        .forEach(answer -> ms.recordValue(answer.nanos / 1e6));
    if (ms.getTotalCount() == 0) {
      throw new MeasureException(
          "%s must be answered, found statuses %s"
              .formatted(
                  route.path,
                  Arrays.toString(answers.stream().mapToInt(Answer::status).distinct().toArray())));
    }
    long refused = answers.stream().filter(answer -> answer.status == 503).count();
    report.row(
        "route",
        route.path,
        "recordsPerSecond",
        rate,
        "queriesPerSecond",
        queriesPerSecond,
        "answered",
        ms.getTotalCount(),
        "refused",
        refused,
        "failed",
        answers.size() - ms.getTotalCount() - refused,
        "p50Ms",
        ms.getValueAtPercentile(50),
        "p99Ms",
        ms.getValueAtPercentile(99),
        "maxMs",
        ms.getValueAtPercentile(100));
  }

  /** Sends records at a steady rate on its own thread, until it is closed. */
  private final class Stream implements AutoCloseable {
    private final AtomicBoolean closing = new AtomicBoolean();
    private final KafkaProducer<byte[], byte[]> producer;
    private final Thread thread;
    private volatile Exception failure;

    Stream(Cluster cluster, double rate) {
      producer = cluster.producer(Map.of());
      thread = new Thread(() -> run(rate), "query-stream");
      thread.setDaemon(true);
      thread.start();
    }

    private void run(double rate) {
      try {
        Pace pace = new Pace(rate);
        for (long i = 0; pace.await(i, () -> !closing.get()); i++) {
          Input input = setup.input(i);
          producer.send(
              new ProducerRecord<>(FROM, input.key(), input.value()),
              (metadata, refused) -> failure = refused == null ? failure : refused);
        }
      } catch (RuntimeException e) {
        failure = e;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }

    void throwIfFailed() {
      if (failure != null) {
        throw new MeasureException("records cannot be sent: " + failure.getMessage(), failure);
      }
    }

    @Override
    public void close() {
      closing.set(true);
      thread.interrupt();
      producer.close(Duration.ofSeconds(5));
    }
  }
}
