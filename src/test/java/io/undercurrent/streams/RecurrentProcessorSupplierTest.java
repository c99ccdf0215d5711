package io.undercurrent.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.undercurrent.LetterModel;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichmentSettings;
import io.undercurrent.enrich.Source;
import io.undercurrent.metrics.MeterNames;
import io.undercurrent.model.Model;
import io.undercurrent.streams.internals.SourceText;
import java.nio.file.Path;
import java.util.Properties;
import org.apache.kafka.common.serialization.IntegerSerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The plugin in somebody else's topology. */
class RecurrentProcessorSupplierTest {

  @TempDir Path folder;

  private final Model model = LetterModel.of(1);

  @Test
  void shouldEnrichTextsInAnyTopology() {
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream("in", Consumed.with(Serdes.String(), Serdes.String()))
        .process(RecurrentProcessorSupplier.ofText(Serdes.String(), model), Named.as("enrich"))
        .to("out", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    try (var driver = driver(builder)) {
      var in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      var out =
          driver.createOutputTopic(
              "out", new StringDeserializer(), new EnrichedRecordSerde().deserializer());
      in.pipeInput("k", "a b", 5);
      in.pipeInput("k", "c", 6);

      assertThat(out.readKeyValue().value.conversation().records()).isEqualTo(1);
      var second = out.readKeyValue();
      assertThat(second.key).isEqualTo("k");
      assertThat(second.value.key()).isEqualTo("k");
      assertThat(second.value.conversation().tokens()).isEqualTo(3);
      assertThat(second.value.source()).isEqualTo(new Source("in", 0, 1, 6L));
      assertThatThrownBy(() -> in.pipeInput(null, "a"))
          .hasRootCauseInstanceOf(BadRecordException.class);
    }
  }

  /** Somebody's own type. */
  private record Ticket(String body) {}

  @Test
  void shouldEnrichValuesOfAnyTypeByKeysOfAnyType() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    EnrichmentSettings settings =
        EnrichmentSettings.DEFAULTS.withStore("moods").withMaxTokens(2).withNextTokens(1);
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream("in", Consumed.with(Serdes.Integer(), Serdes.String()))
        .mapValues(Ticket::new)
        .process(
            new RecurrentProcessorSupplier<>(
                Serdes.Integer(),
                model,
                ticket -> new SourceText(ticket.body(), null),
                settings,
                registry))
        .mapValues(enriched -> enriched.keyEncoding() + enriched.key() + " " + enriched.text())
        .to("out", Produced.with(Serdes.Integer(), Serdes.String()));
    try (var driver = driver(builder)) {
      var in = driver.createInputTopic("in", new IntegerSerializer(), new StringSerializer());
      var out = driver.createOutputTopic("out", new StringDeserializer(), new StringDeserializer());
      in.pipeInput(1, "a b c");
      in.pipeInput(-1, "a b");

      assertThat(out.readValue()).isEqualTo("null\0\0\0\1 a b ");
      assertThat(out.readValue()).isEqualTo("base64/////w== a b");
      assertThat(driver.getKeyValueStore("moods")).isNotNull();
      assertThat(registry.get(MeterNames.RECORDS).counter().count()).isEqualTo(2);
    }
  }

  @Test
  void shouldLeaveTheStateAsItWasWhereSomethingDownstreamThrows() {
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream("in", Consumed.with(Serdes.String(), Serdes.String()))
        .process(RecurrentProcessorSupplier.ofText(Serdes.String(), model))
        .process(() -> new Failing())
        .to("out", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    try (var driver = driver(builder)) {
      var in = driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      assertThatThrownBy(() -> in.pipeInput("k", "fail")).hasRootCauseMessage("downstream");
      assertThat(driver.getKeyValueStore("hidden-state").all().hasNext()).isFalse();
    }
  }

  private static final class Failing
      extends ContextualProcessor<String, EnrichedRecord, String, EnrichedRecord> {
    @Override
    public void process(Record<String, EnrichedRecord> record) {
      throw new IllegalStateException("downstream");
    }
  }

  private TopologyTestDriver driver(StreamsBuilder builder) {
    Properties properties = new Properties();
    properties.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
    return new TopologyTestDriver(builder.build(), properties);
  }
}
