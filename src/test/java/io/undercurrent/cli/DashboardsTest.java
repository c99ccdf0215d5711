package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.undercurrent.LetterModel;
import io.undercurrent.broker.EmbeddedBroker;
import io.undercurrent.cli.Dashboards.Query;
import io.undercurrent.metrics.internals.MeterCatalogue;
import io.undercurrent.metrics.internals.MeterCatalogue.Entry;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import io.undercurrent.model.Model;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What the dashboards show of a running application, through a real Prometheus. */
@Timeout(value = 600, unit = TimeUnit.SECONDS)
class DashboardsTest {

  private static final String TOPOLOGY = "watched";
  private static final Path REPORT = Path.of("target/dashboards.md");
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(300);

  @TempDir Path folder;

  private EmbeddedBroker broker;
  private Traffic traffic;
  private final List<ServedApp> apps = new ArrayList<>();

  @BeforeEach
  void start() {
    broker = EmbeddedBroker.start(folder.resolve("broker"));
  }

  @AfterEach
  void stop() throws InterruptedException {
    if (traffic != null) {
      traffic.end();
    }
    apps.forEach(ServedApp::close);
    broker.close();
  }

  @Test
  void shouldHaveDataInEveryExpressionOfEveryPanel() throws Exception {
    List<Integer> ports = List.of(ServedApp.freePort(), ServedApp.freePort());
    long begin = System.currentTimeMillis() / 1_000;
    try (PrometheusServer prometheus =
        PrometheusServer.start(Files.createDirectory(folder.resolve("prometheus")), ports)) {
      app(ports.get(0));
      traffic = new Traffic(broker.bootstrapServers());
      await("the first instance's records", () -> records(prometheus, ports.get(0)) > 200);
      app(ports.get(1)); // takes half of the partitions, and restores their states
      await("the second instance's records", () -> records(prometheus, ports.get(1)) > 200);

      await(
          "what the second instance restored",
          () -> finite(prometheus.query("undercurrent_restored_records_total > 0")) > 0);

      Map<Query, Integer> series = new LinkedHashMap<>();
      Set<Query> open = new LinkedHashSet<>(Dashboards.queries());
      Dashboards.queries().forEach(query -> series.put(query, 0));
      assertThat(open).hasSizeGreaterThan(60);
      for (long end = System.nanoTime() + PATIENCE_NANOS; !open.isEmpty(); ) {
        for (Query query : List.copyOf(open)) {
          int finite = finite(prometheus.query(inGrafana(query.expression())));
          if (finite > 0) {
            series.put(query, finite);
            open.remove(query);
          }
        }
        if (System.nanoTime() > end) {
          break;
        }
        Thread.sleep(500);
      }
      report(series);
      assertThat(open).as("expressions without data; the report is in " + REPORT).isEmpty();

      for (JsonNode dashboard : Dashboards.all()) {
        for (JsonNode annotation : dashboard.at("/annotations/list")) {
          String expression = inGrafana(annotation.at("/target/expr").asText());
          long now = System.currentTimeMillis() / 1_000;
          assertThat(finite(prometheus.queryRange(expression, begin, now)))
              .as(annotation.path("name").asText() + ": " + expression)
              .isPositive();
        }
        assertVariables(prometheus, dashboard, ports);
      }
    }
  }

  /** Every meter that documentation and dashboards name is exported with the documented tags. */
  @Test
  void shouldExportEveryMeterOfTheCatalogue() throws Exception {
    ServedApp app = app(0);
    traffic = new Traffic(broker.bootstrapServers());
    List<Entry> entries = new ArrayList<>(MeterCatalogue.own());
    entries.addAll(MeterCatalogue.borrowed());
    String[] scrape = new String[1];
    await(
        "all meters",
        () -> {
          scrape[0] = app.get("/metrics").body();
          return entries.stream().allMatch(entry -> !samples(scrape[0], entry).isEmpty());
        });
    for (Entry entry : entries) {
      for (String sample : samples(scrape[0], entry)) {
        Set<String> tags = new TreeSet<>();
        Matcher matcher = Pattern.compile("[{,]([a-z_]+)=\"").matcher(sample);
        while (matcher.find()) {
          tags.add(matcher.group(1));
        }
        assertThat(tags).as(sample).contains("topology");
        tags.removeAll(Set.of("topology", "kafka_version", "le"));
        assertThat(tags).as(sample).containsExactlyInAnyOrderElementsOf(entry.tags());
      }
      assertThat(scrape[0]).contains("# TYPE " + entry.name() + " " + entry.type());
    }
    assertThat(scrape[0]).as("keys").doesNotContain("conversation-");
  }

  private static List<String> samples(String scrape, Entry entry) {
    String suffix = entry.type().equals("histogram") ? "_(bucket|count|sum)" : "";
    Pattern sample = Pattern.compile(Pattern.quote(entry.name()) + suffix + "[{ ].*");
    return scrape.lines().filter(line -> sample.matcher(line).matches()).toList();
  }

  private ServedApp app(int port) throws InterruptedException {
    Histogram half = new Histogram(new double[] {0}, new double[] {0.5, 0.5});
    Model model = LetterModel.looking(1).withReference(new DriftReference(1_000, half, half, half));
    ServedApp app =
        new ServedApp(
            broker,
            ServedApp.definition(TOPOLOGY),
            model,
            folder.resolve("state-" + apps.size()),
            port,
            Map.of());
    apps.add(app);
    return app.start();
  }

  private static double records(PrometheusServer prometheus, int port) throws Exception {
    JsonNode found =
        prometheus.query("undercurrent_drift_window_records{instance=\"127.0.0.1:" + port + "\"}");
    return found.isEmpty() ? 0 : found.at("/0/value/1").asDouble();
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(String what, Condition condition) throws Exception {
    for (long end = System.nanoTime() + PATIENCE_NANOS; System.nanoTime() < end; ) {
      if (condition.holds()) {
        return;
      }
      Thread.sleep(200);
    }
    throw new AssertionError(what + " did not come");
  }

  /** The expression that Grafana sends if all topologies and instances are chosen. */
  private static String inGrafana(String expression) {
    return expression
        .replace("$topology", TOPOLOGY)
        .replace("$instance", ".*")
        .replace("$enricher", ".*")
        .replace("$__rate_interval", "20s")
        .replace("$__range", "5m");
  }

  /** The number of series that have a number, now or earlier. */
  private static int finite(JsonNode result) {
    int finite = 0;
    for (JsonNode one : result) {
      Stream<String> values =
          one.has("value")
              ? Stream.of(one.at("/value/1").asText())
              : stream(one.path("values")).map(pair -> pair.path(1).asText());
      finite += values.anyMatch(value -> Double.isFinite(number(value))) ? 1 : 0;
    }
    return finite;
  }

  private static Stream<JsonNode> stream(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  private static double number(String value) {
    return value.equals("NaN") || value.endsWith("Inf") ? Double.NaN : Double.parseDouble(value);
  }

  private static void assertVariables(
      PrometheusServer prometheus, JsonNode dashboard, List<Integer> ports) throws Exception {
    Pattern labelValues = Pattern.compile("label_values\\((.+), ([a-z]+)\\)");
    for (JsonNode variable : dashboard.at("/templating/list")) {
      Matcher query = labelValues.matcher(inGrafana(variable.at("/query/query").asText()));
      assertThat(query.matches()).isTrue();
      Set<String> found =
          stream(prometheus.labelValues(query.group(2), query.group(1)))
              .map(JsonNode::asText)
              .collect(Collectors.toSet());
      assertThat(found)
          .containsExactlyInAnyOrderElementsOf(
              switch (variable.path("name").asText()) {
                case "topology" -> List.of(TOPOLOGY);
                case "enricher" -> List.of("enrich");
                default -> ports.stream().map(port -> "127.0.0.1:" + port).toList();
              });
    }
  }

  private static void report(Map<Query, Integer> series) throws Exception {
    StringBuilder out =
        new StringBuilder("# Expressions of the dashboards, and what they have\n\n");
    out.append("| dashboard | panel | series | expression |\n| --- | --- | --- | --- |\n");
    series.forEach(
        (query, found) ->
            out.append(
                "| %s | %s | %d | `%s` |%n"
                    .formatted(
                        query.dashboard(),
                        query.legend().isEmpty()
                            ? query.panel()
                            : query.panel() + ": " + query.legend(),
                        found,
                        query.expression())));
    Files.createDirectories(REPORT.getParent());
    Files.writeString(REPORT, out);
  }

  /** Sends texts of forty conversations, and sometimes a bad record. */
  private static final class Traffic {
    private final KafkaProducer<byte[], byte[]> producer;
    private final Thread thread = new Thread(this::run, "traffic");
    private volatile boolean closed;

    Traffic(String bootstrapServers) {
      producer =
          new KafkaProducer<>(
              Map.of("bootstrap.servers", bootstrapServers),
              new ByteArraySerializer(),
              new ByteArraySerializer());
      thread.start();
    }

    private void run() {
      SplittableRandom random = new SplittableRandom(1);
      while (!closed) {
        for (int i = 0; i < 20; i++) {
          String text =
              random
                      .ints(1 + random.nextInt(6), 'a', 'z' + 1)
                      .mapToObj(Character::toString)
                      .collect(Collectors.joining(" "))
                  + (random.nextInt(4) == 0 ? " unheard" : "");
          send("conversation-" + random.nextInt(40), text.getBytes(UTF_8));
        }
        send("conversation-0", new byte[] {(byte) 0xff}); // no UTF-8
        send("conversation-1", new byte[0]);
        send("conversation-" + (2 + random.nextInt(38)), null);
        producer.flush();
        try {
          Thread.sleep(100);
        } catch (InterruptedException e) {
          return;
        }
      }
    }

    private void send(String key, byte[] value) {
      producer.send(new ProducerRecord<>(TOPOLOGY, key.getBytes(UTF_8), value));
    }

    void end() throws InterruptedException {
      closed = true;
      thread.join();
      producer.close();
    }
  }
}
