package io.undercurrent.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tag;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Reading;
import io.undercurrent.inference.Reading.Hit;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.DriftReference;
import io.undercurrent.model.DriftReference.Histogram;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.internals.TimestampRange;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The meters of an enricher, while records flow. */
class EnrichmentMetersTest {

  private static final TopologyDefinition DEFINITION =
      new TopologyDefinition(
          "test", List.of("in"), null, null, "unused", 5, "hidden-state", "out", "dead");

  @TempDir Path folder;

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> messages;

  @AfterEach
  void close() {
    driver.close();
  }

  @Test
  void shouldKeepTheNumberOfMetersForAnyNumberOfKeysAndTexts() {
    start(LetterModel.looking(1).withReference(reference()));
    Set<String> before = ids();
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 1_000; i++) {
      byte[] text = ("customer-" + i + " a b " + random.nextInt()).getBytes(UTF_8);
      byte[] bad = {(byte) 0xff, (byte) i};
      messages.pipeInput(("order-" + i).getBytes(UTF_8), i % 10 == 0 ? bad : text);
      messages.pipeInput(i % 7 == 0 ? null : bytes("k" + i), i % 11 == 0 ? null : text);
    }
    assertThat(counter(MeterNames.RECORDS)).isGreaterThan(1_000);
    assertThat(ids()).isEqualTo(before);
    assertThat(ids()).noneMatch(id -> id.contains("order-") || id.contains("customer-"));
    assertThat(registry.scrape()).doesNotContain("order-").doesNotContain("customer-");
  }

  @Test
  void shouldCountWordsThatWereExpected() {
    Model model = LetterModel.of(1);
    start(model);
    Inference inference = new Inference(model, 512, 5, true);
    HiddenState a = model.initialState();
    HiddenState b = model.initialState();
    int hits = 0;
    int checked = 0;
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 200; i++) {
      String text =
          random
              .ints(1 + random.nextInt(4), 'a', 'z' + 1)
              .mapToObj(Character::toString)
              .collect(Collectors.joining(" "));
      boolean first = random.nextBoolean();
      messages.pipeInput(new byte[] {(byte) (first ? 1 : 2)}, text.getBytes(UTF_8));
      Reading reading = inference.read(text, first ? a : b);
      hits += reading.hit() == Hit.HIT ? 1 : 0;
      checked += reading.hit() == Hit.NONE ? 0 : 1;
    }
    messages.pipeInput(new byte[] {1}, new byte[0]); // no word, nothing to compare
    messages.pipeInput(new byte[] {1}, bytes("unheard never")); // no word that could be expected
    assertThat(checked).isEqualTo(200);
    assertThat(counter(MeterNames.NEXT_CHECKED)).isEqualTo(checked);
    assertThat(counter(MeterNames.NEXT_HIT)).isEqualTo(hits);
    assertThat(hits).isBetween(1, checked - 1);
  }

  @Test
  void shouldMeasureTheAgeOfStatesAndTheLatenessOfRecords() {
    start(LetterModel.of(1));
    long now = System.currentTimeMillis();
    byte[] key = {1};
    messages.pipeInput(key, bytes("a"), now - 7_200_000);
    messages.pipeInput(key, bytes("b"), now - 3_600_000);
    messages.pipeInput(key, bytes("c"), now - 5_000_000); // late: its key's last record is newer
    messages.pipeInput(new byte[] {2}, bytes("d"), now - 3_600_000);

    var age = registry.get(MeterNames.STATE_AGE).timer().takeSnapshot();
    assertThat(age.count()).isEqualTo(2);
    assertThat(age.total(TimeUnit.HOURS)).isEqualTo(1);
    var latency = registry.get(MeterNames.END_TO_END_LATENCY).timer().takeSnapshot();
    assertThat(latency.count()).isEqualTo(4);
    assertThat(latency.max(TimeUnit.MILLISECONDS)).isGreaterThanOrEqualTo(7_200_000);
  }

  @Test
  void shouldCountEvictedEntriesOfAMemory() {
    start(LetterModel.looking(1)); // three records, and a cache of seven tokens
    for (int i = 0; i < 20; i++) {
      messages.pipeInput(new byte[] {1}, bytes("a b c d"));
    }
    assertThat(counter(MeterNames.EXPIRED)).isBetween(15.0, 19.0);
  }

  @Test
  void shouldMeasureDriftFromTheModelsReference() {
    start(LetterModel.of(1).withReference(reference()));
    assertThat(drift("unknown")).isNaN();
    for (int i = 0; i < 200; i++) {
      messages.pipeInput(bytes("k" + i), bytes(i % 2 == 0 ? "a b" : "a unheard"));
    }
    assertThat(drift("unknown"))
        .as("half of the records have unknown words, as in the reference")
        .isLessThan(0.01);
    for (int i = 0; i < 1_000; i++) {
      messages.pipeInput(bytes("k" + i), bytes("never heard"));
    }
    assertThat(drift("unknown")).isGreaterThan(0.25);
    assertThat(drift("sentiment")).isFinite();
    assertThat(drift("surprise")).isFinite();
  }

  private static DriftReference reference() {
    Histogram half = new Histogram(new double[] {0}, new double[] {0.5, 0.5});
    return new DriftReference(1_000, half, half, half);
  }

  private double drift(String of) {
    return registry.get(MeterNames.DRIFT).tag(MeterNames.OF, of).gauge().value();
  }

  private double counter(String name) {
    return registry.get(name).counter().count();
  }

  private Set<String> ids() {
    Set<String> ids = new TreeSet<>();
    for (Meter meter : registry.getMeters()) {
      ids.add(
          meter.getId().getName()
              + meter.getId().getTags().stream()
                  .map(Tag::toString)
                  .collect(Collectors.joining(",")));
    }
    return ids;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  private void start(Model model) {
    Properties properties = new Properties();
    properties.putAll(
        UndercurrentConfig.of(
                Map.of(
                    "application.id", "test",
                    "bootstrap.servers", "localhost:1",
                    "state.dir", folder.toString()))
            .streams(DeadLetterHandler.settings(DEFINITION.deadLetters(), registry)));
    driver =
        new TopologyTestDriver(
            EnrichmentTopology.build(
                DEFINITION,
                model,
                EnrichmentSettings.DEFAULTS,
                TimestampRange.ANY,
                registry,
                new TopologyConfig(new StreamsConfig(properties)),
                null),
            properties);
    messages = driver.createInputTopic("in", new ByteArraySerializer(), new ByteArraySerializer());
  }
}
