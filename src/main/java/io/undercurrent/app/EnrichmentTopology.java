package io.undercurrent.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.streams.EnrichedRecordSerde;
import io.undercurrent.streams.Enricher;
import io.undercurrent.streams.LookAhead;
import io.undercurrent.streams.Preview;
import io.undercurrent.streams.internals.TimestampRange;
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
 * Builds the topology of a definition. Everything in it has a name that is chosen here or, for the
 * store, in the definition. If a name changes, Kafka Streams no longer finds the internal topics
 * and states that belong to the old name.
 */
public final class EnrichmentTopology {

  static final String SOURCE = "source";
  static final String DECODE = "decode";
  static final String REPARTITION = "by-key";
  static final String CHECK = "check-timestamp";
  static final String ENRICH = "enrich";
  static final String SINK = "enriched";

  private EnrichmentTopology() {}

  /** The topic between source topics and states, if the key comes from the value. */
  static String repartitionTopic(String applicationId) {
    return applicationId + "-" + REPARTITION + "-repartition";
  }

  /** Names of the processors that send records to the dead letters, in the order of the flow. */
  public static List<String> steps() {
    return List.of(DECODE, CHECK, ENRICH);
  }

  /**
   * Builds a topology without look-ahead, for descriptions and tests.
   *
   * @param settings of the enrichment; the definition replaces {@code nextTokens} and {@code store}
   * @param registry where meters are registered
   */
  public static Topology build(
      TopologyDefinition definition,
      Model model,
      EnrichmentSettings settings,
      MeterRegistry registry) {
    return build(
        definition,
        model,
        settings,
        TimestampRange.ANY,
        registry,
        new TopologyConfig(explicitNames()),
        null);
  }

  /** Builds the topology of an application whose repartition topic takes all that others take. */
  public static Topology build(
      TopologyDefinition definition,
      Model model,
      EnrichmentSettings settings,
      TimestampRange timestamps,
      MeterRegistry registry,
      TopologyConfig config,
      LookAhead lookAhead) {
    return build(
        definition,
        model,
        settings,
        settings.maxRecordBytes(),
        timestamps,
        registry,
        config,
        lookAhead);
  }

  /**
   * Builds the topology of an application.
   *
   * @param settings of the enrichment; the definition replaces {@code nextTokens} and {@code store}
   * @param maxRepartitionedBytes the largest record that the repartition topic accepts, in bytes
   * @param timestamps what all topics accept that are written; other records become dead letters
   * @param registry where meters are registered
   * @param config the part of the application's configuration that shapes the topology
   * @param lookAhead the application's look-ahead; null to compute records one by one
   */
  public static Topology build(
      TopologyDefinition definition,
      Model model,
      EnrichmentSettings settings,
      int maxRepartitionedBytes,
      TimestampRange timestamps,
      MeterRegistry registry,
      TopologyConfig config,
      LookAhead lookAhead) {
    Serde<byte[]> bytes = Serdes.ByteArray();
    EnrichmentSettings merged =
        settings.withNextTokens(definition.nextTokens()).withStore(definition.store());
    StreamsBuilder builder = new StreamsBuilder(config);

    Supplier<Decode> decode =
        () ->
            new Decode(
                definition.text(),
                definition.key(),
                Math.min(merged.maxRecordBytes(), maxRepartitionedBytes),
                timestamps);
    KStream<byte[], TextAndSource> messages =
        builder.stream(definition.topics(), Consumed.with(bytes, bytes).withName(SOURCE))
            .process(decode::get, Named.as(DECODE));
    if (definition.key() != null) {
      messages =
          messages
              .repartition(
                  Repartitioned.with(bytes, new MessageSerde(definition.text()))
                      .withName(REPARTITION))
              .processValues(() -> new TimestampCheck(timestamps), Named.as(CHECK));
    }
    Enricher.Builder<byte[], TextAndSource> enricher =
        Enricher.builder(bytes, model)
            .text(TextAndSource::text)
            .source(TextAndSource::source)
            .keyEncoding(definition.keyEncoding())
            .store(store -> store.name(merged.store()))
            .maxTokens(merged.maxTokens())
            .nextTokens(merged.nextTokens())
            .halfLifeTokens(merged.halfLifeTokens())
            .maxRecordBytes(merged.maxRecordBytes())
            .batch(merged.batchRecords(), merged.batchTokens())
            .meters(registry);
    if (lookAhead != null) {
      enricher.lookAhead(
          lookAhead,
          definition.key() == null
              ? decode.get().preview(config.timestampExtractorSupplier.get())
              : Preview.of(bytes, new MessageSerde(definition.text())));
    }
    messages
        .process(enricher.build().supplier(), Named.as(ENRICH))
        .to(definition.enriched(), Produced.with(bytes, new EnrichedRecordSerde()).withName(SINK));
    return builder.build();
  }

  /**
   * A configuration with which Kafka Streams throws if a name is missing, instead of generating it.
   */
  private static StreamsConfig explicitNames() {
    return new StreamsConfig(
        Map.of(
            StreamsConfig.APPLICATION_ID_CONFIG, "any",
            StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "any:9092",
            StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG, true));
  }
}
