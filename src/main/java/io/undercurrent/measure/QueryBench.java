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
 * How long questions about keys take over HTTP while the stream runs at a steady rate: {@code GET
 * /v1/keys/{key}}, {@code GET /v1/keys/{key}/next} with a beginning of some words, {@code POST
 * /v1/enrich} with a whole text, in turn.
 *
 * <p>Questions are due at fixed times and asked then, whether earlier ones are answered or not;
 * each answer counts from when its question was due. What is refused (503: too much at once) is
 * counted and has no time.
 */
public final class QueryBench {

  private static final String FROM = "query-messages";
  private static final String TO = "query-enriched";
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int BEGINNING_CHARS = 20;
  private static final double LEAST_OF_RATE = 0.95;

  private final Setup setup;
  private final int batch;
  private final double queriesPerSecond;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(PATIENCE).build();

  /** What is asked. */
  private enum Route {
    KEY("GET /v1/keys/{key}"),
    NEXT("GET /v1/keys/{key}/next"),
    ENRICH("POST /v1/enrich");

    private final String path;

    Route(String path) {
      this.path = path;
    }
  }

  /** How a question was answered: nanoseconds since it was due, and the status; 0 for none. */
  private record Answer(long nanos, int status) {}

  /**
   * @param queriesPerSecond of each route
   */
  public QueryBench(Setup setup, int batch, double queriesPerSecond) {
    this.setup = setup;
    this.batch = batch;
    this.queriesPerSecond = queriesPerSecond;
  }

  /**
   * Asks as long as {@link Setup#records()} records take, the first half to warm up, and leaves
   * {@code queries.json}.
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

  /** Answers of an app that lags behind are not those of a stream at this rate. */
  private static void requireRate(double rate, Sample begin, Sample end) {
    double found = (end.records() - begin.records()) / ((end.nanos() - begin.nanos()) / 1e9);
    if (found < LEAST_OF_RATE * rate) {
      throw new MeasureException(
          "%.0f records/s must be enriched while questions are asked, found %.0f: ask for a lower rate"
              .formatted(rate, found));
    }
  }

  private List<List<Answer>> ask(String address, double rate, Progress progress)
      throws InterruptedException {
    int routes = Route.values().length;
    int questions = (int) (setup.records() / rate * queriesPerSecond) * routes;
    if (questions < 100 * routes) {
      throw new MeasureException(
          "at least 100 questions of each kind must be asked, found time for %d: ask for more records"
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
      List<Answer> of = new ArrayList<>();
      for (int i = (int) setup.skipped(questions) / routes * routes + route;
          i < questions;
          i += routes) {
        of.add(asked.get(i).join());
      }
      answers.add(of);
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

  /** Whole words of a text's first chars. */
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

  /** Sends records at a steady rate on a thread of its own, until it is closed. */
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
