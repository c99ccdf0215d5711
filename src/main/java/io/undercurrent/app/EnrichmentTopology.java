package io.undercurrent.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.streams.EnrichedRecordSerde;
import io.undercurrent.streams.Enricher;
import io.undercurrent.streams.LookAhead;
import io.undercurrent.streams.Preview;
import io.undercurrent.streams.internals.TextAndSource;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.Repartitioned;

/**
 * Builds the topology of a definition. Everything in it has a name chosen here or, for the store,
 * in the definition: a changed name leaves internal topics and their content behind.
 */
public final class EnrichmentTopology {

  static final String SOURCE = "source";
  static final String DECODE = "decode";
  static final String REPARTITION = "by-key";
  static final String ENRICH = "enrich";
  static final String SINK = "enriched";

  private EnrichmentTopology() {}

  /** Names of the processors whose records may become dead letters, in their order. */
  public static List<String> steps() {
    return List.of(DECODE, ENRICH);
  }

  /**
   * @param settings of the enrichment; {@code nextTokens} and {@code store} are the definition's
   * @param registry where meters are registered
   */
  public static Topology build(
      TopologyDefinition definition,
      Model model,
      EnrichmentSettings settings,
      MeterRegistry registry) {
    return build(definition, model, settings, registry, new TopologyConfig(explicitNames()), null);
  }

  /**
   * @param registry where meters are registered
   * @param config what of the application's configuration shapes the topology
   * @param lookAhead the application's, or null to compute records one by one
   */
  public static Topology build(
      TopologyDefinition definition,
      Model model,
      EnrichmentSettings settings,
      MeterRegistry registry,
      TopologyConfig config,
      LookAhead lookAhead) {
    Serde<byte[]> bytes = Serdes.ByteArray();
    EnrichmentSettings ours =
        settings.withNextTokens(definition.nextTokens()).withStore(definition.store());
    StreamsBuilder builder = new StreamsBuilder(config);

    Supplier<Decode> decode =
        () -> new Decode(definition.text(), definition.key(), ours.maxRecordBytes());
    KStream<byte[], TextAndSource> messages =
        builder.stream(definition.topics(), Consumed.with(bytes, bytes).withName(SOURCE))
            .process(decode::get, Named.as(DECODE));
    if (definition.key() != null) {
      messages =
          messages.repartition(Repartitioned.with(bytes, new MessageSerde()).withName(REPARTITION));
    }
    Enricher.Builder<byte[], TextAndSource> enricher =
        Enricher.builder(bytes, model)
            .text(TextAndSource::text)
            .source(TextAndSource::source)
            .keyEncoding(definition.keyEncoding())
            .store(store -> store.name(ours.store()))
            .maxTokens(ours.maxTokens())
            .nextTokens(ours.nextTokens())
            .halfLifeTokens(ours.halfLifeTokens())
            .maxRecordBytes(ours.maxRecordBytes())
            .batch(ours.batchRecords(), ours.batchTokens())
            .meters(registry);
    if (lookAhead != null) {
      enricher.lookAhead(
          lookAhead,
          definition.key() == null
              ? decode.get().preview(config.timestampExtractorSupplier.get())
              : Preview.of(bytes, new MessageSerde()));
    }
    messages
        .process(enricher.build().supplier(), Named.as(ENRICH))
        .to(definition.enriched(), Produced.with(bytes, new EnrichedRecordSerde()).withName(SINK));
    return builder.build();
  }

  /** Kafka Streams then refuses to make up a name where one is missing. */
  private static StreamsConfig explicitNames() {
    return new StreamsConfig(
        Map.of(
            StreamsConfig.APPLICATION_ID_CONFIG, "any",
            StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "any:9092",
            StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true));
  }
}
