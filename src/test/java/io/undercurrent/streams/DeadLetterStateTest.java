package io.undercurrent.streams;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.metrics.MeterNames;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.errors.LogAndContinueProcessingExceptionHandler;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that the state header of a dead letter agrees with the stored state. */
class DeadLetterStateTest {

  private static final Serde<EnrichedRecord> ENRICHED = new EnrichedRecordSerde();

  @TempDir Path folder;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final StreamsBuilder builder = new StreamsBuilder();
  private TopologyTestDriver driver;
  private TestInputTopic<String, String> in;
  private TestOutputTopic<byte[], byte[]> dead;

  @AfterEach
  void close() {
    if (driver != null) {
      driver.close();
    }
  }

  @Test
  void shouldReportAnUnchangedStateIfTheEnrichmentFails() {
    enriched().to("out", Produced.with(Serdes.String(), ENRICHED));
    start(DeadLetterHandler.settings("dead", registry));

    in.pipeInput(null, "a");

    assertThat(state(dead.readRecord())).isEqualTo("unchanged");
    assertThat(states().all().hasNext()).isFalse();
    assertThat(count("null-key")).isEqualTo(1);
  }

  @Test
  void shouldReportAnUnchangedStateIfAnEarlierStepOrTheDeserializerFails() {
    source(Serdes.serdeFrom(new StringSerializer(), new Unreadable()))
        .mapValues(DeadLetterStateTest::failAtFail)
        .process(Enricher.ofText(Serdes.String(), LetterModel.of(1)).supplier())
        .to("out", Produced.with(Serdes.String(), ENRICHED));
    start(DeadLetterHandler.settings("dead", registry));

    in.pipeInput("k", "unreadable");
    in.pipeInput("k", "fail");

    assertThat(state(dead.readRecord())).isEqualTo("unchanged");
    assertThat(state(dead.readRecord())).isEqualTo("unchanged");
    assertThat(states().all().hasNext()).isFalse();
  }

  @Test
  void shouldReportAMovedStateIfAStepDownstreamFails() {
    enriched()
        .mapValues(DeadLetterStateTest::failAtFail)
        .to("out", Produced.with(Serdes.String(), ENRICHED));
    start(DeadLetterHandler.settings("dead", registry));

    in.pipeInput("k", "fail");
    byte[] moved = states().get(key());
    in.pipeInput("l", "a");

    TestRecord<byte[], byte[]> letter = dead.readRecord();
    assertThat(state(letter)).isEqualTo("moved");
    assertThat(letter.value()).isEqualTo("fail".getBytes(UTF_8));
    assertThat(moved).isNotNull();
    assertThat(dead.isEmpty()).isTrue();
  }

  @Test
  void shouldReportAMovedStateIfATombstoneFailsDownstream() {
    enriched()
        .mapValues(
            record -> {
              if (record == null) {
                throw new IllegalStateException("downstream");
              }
              return record;
            })
        .to("out", Produced.with(Serdes.String(), ENRICHED));
    start(DeadLetterHandler.settings("dead", registry));

    in.pipeInput("k", "a");
    in.pipeInput("k", (String) null);

    assertThat(state(dead.readRecord())).isEqualTo("moved");
    assertThat(states().get(key())).isNull();
  }

  @Test
  void shouldReportAMovedStateIfASinkCannotWrite() {
    enriched()
        .to(
            "out",
            Produced.with(
                Serdes.String(),
                Serdes.serdeFrom(
                    (topic, record) -> {
                      throw new SerializationException("no schema");
                    },
                    ENRICHED.deserializer())));
    start(DeadLetterHandler.settings("dead", registry));

    in.pipeInput("k", "a");

    assertThat(state(dead.readRecord())).isEqualTo("moved");
    assertThat(states().get(key())).isNotNull();
    assertThat(count("serialization")).isEqualTo(1);
  }

  /** Branches are processed in the order in which they were added. */
  @Test
  void shouldReportAMovedStateIfAnEarlierBranchMovedIt() {
    KStream<String, String> source = source(Serdes.String());
    source
        .process(Enricher.ofText(Serdes.String(), LetterModel.of(1)).supplier())
        .to("out", Produced.with(Serdes.String(), ENRICHED));
    source
        .mapValues(DeadLetterStateTest::failAtFail)
        .to("out", Produced.with(Serdes.String(), Serdes.String()));
    start(DeadLetterHandler.settings("dead", registry));

    in.pipeInput("k", "fail");

    assertThat(state(dead.readRecord())).isEqualTo("moved");
    assertThat(states().get(key())).isNotNull();
  }

  /** The record read there is the enriched one, not the record that was enriched. */
  @Test
  void shouldReportNoStateBehindARepartitionTopic() {
    enriched()
        .repartition(Repartitioned.with(Serdes.String(), ENRICHED).withName("again"))
        .mapValues(DeadLetterStateTest::failAtFail)
        .to("out", Produced.with(Serdes.String(), ENRICHED));
    start(DeadLetterHandler.settings("dead", registry));

    in.pipeInput("k", "fail");

    TestRecord<byte[], byte[]> letter = dead.readRecord();
    assertThat(letter.headers().lastHeader(DeadLetterHandler.STATE_HEADER)).isNull();
    assertThat(letter.headers().lastHeader(Enricher.MODEL_HEADER)).isNotNull();
    assertThat(states().get(key())).isNotNull();
  }

  @Test
  void shouldReportAnUnchangedStateBeforeARepartitionTopic() {
    source(Serdes.String())
        .mapValues(DeadLetterStateTest::failAtFail)
        .repartition(Repartitioned.with(Serdes.String(), Serdes.String()).withName("by-key"))
        .process(Enricher.ofText(Serdes.String(), LetterModel.of(1)).supplier())
        .to("out", Produced.with(Serdes.String(), ENRICHED));
    start(DeadLetterHandler.settings("dead", registry));

    in.pipeInput("k", "fail");

    assertThat(state(dead.readRecord())).isEqualTo("unchanged");
    assertThat(states().all().hasNext()).isFalse();
  }

  /** Such a record has no position in a topic, so it cannot be sent again. */
  @Test
  void shouldReportNoStateIfAPunctuatorMadeTheRecord() {
    source(Serdes.String())
        .process(Ticking::new)
        .process(Enricher.ofText(Serdes.String(), LetterModel.of(1)).supplier())
        .mapValues(DeadLetterStateTest::failAtFail)
        .to("out", Produced.with(Serdes.String(), ENRICHED));
    start(DeadLetterHandler.settings("dead", registry));

    driver.advanceWallClockTime(Duration.ofSeconds(1));

    TestRecord<byte[], byte[]> letter = dead.readRecord();
    assertThat(letter.headers().lastHeader(DeadLetterHandler.STATE_HEADER)).isNull();
    assertThat(letter.value()).isNull();
    assertThat(states().get(key())).isNotNull();
  }

  @Test
  void shouldReportTheStateOfARecordThatIsSentAgain() {
    enriched().to("out", Produced.with(Serdes.String(), ENRICHED));
    start(DeadLetterHandler.settings("dead", registry));
    Headers before = new RecordHeaders().add("undercurrent-state", "moved".getBytes(UTF_8));

    in.pipeInput(new TestRecord<>(null, "a", before));

    Headers headers = dead.readRecord().headers();
    assertThat(headers.headers("undercurrent-state")).hasSize(1);
    assertThat(headers.lastHeader("undercurrent-state").value())
        .isEqualTo("unchanged".getBytes(UTF_8));
  }

  /**
   * The state changes with any handler that resumes. With a handler that fails the thread ends
   * first.
   */
  @Test
  void shouldMoveTheStateOnlyIfTheHandlerResumes() {
    enriched()
        .mapValues(DeadLetterStateTest::failAtFail)
        .to("out", Produced.with(Serdes.String(), ENRICHED));
    start(Map.of());
    assertThatThrownBy(() -> in.pipeInput("k", "fail")).hasRootCauseMessage("fail");
    assertThat(states().all().hasNext()).isFalse();
    driver.close();

    start(
        Map.of(
            StreamsConfig.PROCESSING_EXCEPTION_HANDLER_CLASS_CONFIG,
            LogAndContinueProcessingExceptionHandler.class.getName()));
    in.pipeInput("k", "fail");
    assertThat(states().get(key())).isNotNull();
  }

  private static String failAtFail(String text) {
    if (text.equals("fail")) {
      throw new IllegalStateException(text);
    }
    return text;
  }

  private static EnrichedRecord failAtFail(EnrichedRecord record) {
    failAtFail(record.text());
    return record;
  }

  private static final class Unreadable extends StringDeserializer {
    @Override
    public String deserialize(String topic, Headers headers, byte[] data) {
      String text = super.deserialize(topic, data);
      if (text.equals("unreadable")) {
        throw new SerializationException(text);
      }
      return text;
    }
  }

  /** Makes a record of its own every second. */
  private static final class Ticking extends ContextualProcessor<String, String, String, String> {
    @Override
    public void process(Record<String, String> record) {
      context().forward(record);
    }

    @Override
    public void init(ProcessorContext<String, String> context) {
      super.init(context);
      context.schedule(
          Duration.ofSeconds(1),
          PunctuationType.WALL_CLOCK_TIME,
          timeMs -> context.forward(new Record<>("k", "fail", timeMs)));
    }
  }

  private KStream<String, String> source(Serde<String> values) {
    return builder.stream("in", Consumed.with(Serdes.String(), values));
  }

  private KStream<String, EnrichedRecord> enriched() {
    return source(Serdes.String())
        .process(Enricher.ofText(Serdes.String(), LetterModel.of(1)).supplier());
  }

  private void start(Map<String, Object> configs) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
    properties.putAll(configs);
    driver = new TopologyTestDriver(builder.build(), properties);
    in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
    dead =
        driver.createOutputTopic("dead", new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private KeyValueStore<Bytes, byte[]> states() {
    return driver.getKeyValueStore("hidden-state");
  }

  private static Bytes key() {
    return Bytes.wrap("k".getBytes(UTF_8));
  }

  private static String state(TestRecord<byte[], byte[]> letter) {
    return new String(letter.headers().lastHeader("undercurrent-state").value(), UTF_8);
  }

  private double count(String reason) {
    return registry.get(MeterNames.DEAD_LETTERS).tag(MeterNames.REASON, reason).counter().count();
  }
}
