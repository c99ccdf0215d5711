package io.undercurrent.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.LetterModel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.common.Metric;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.Options;

class BoundedRocksDbTest {

  private static final long MEMORY = 32L * 1024 * 1024;

  @TempDir private Path folder;

  @Test
  void shouldShareOneCacheAmongStoresThatUseIt() {
    Map<String, Double> metrics = metricsAfterRecords();

    // The model looks back, so there are two stores. Each reports the same cache.
    assertThat(metrics)
        .containsEntry("block-cache-capacity of hidden-state", (double) MEMORY)
        .containsEntry("block-cache-capacity of hidden-state-memory", (double) MEMORY);
    assertThat(metrics.get("block-cache-usage of hidden-state"))
        .as("write buffers are kept in the cache")
        .isPositive()
        .isEqualTo(metrics.get("block-cache-usage of hidden-state-memory"));
  }

  @Test
  void shouldShareWriteBuffersOfTheSameSizeOnly() {
    try (Options one = options("16777216");
        Options two = options("16777216");
        Options other = options("33554432")) {
      assertThat(two.writeBufferManager()).isSameAs(one.writeBufferManager());
      assertThat(other.writeBufferManager()).isNotSameAs(one.writeBufferManager());
    }
  }

  @Test
  void shouldRefuseASizeThatIsTooSmallOrNoNumber() {
    for (String value : new String[] {"16777215", "many"}) {
      assertThatThrownBy(() -> options(value).close())
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining(value)
          .hasMessageContaining("undercurrent.rocksdb.memory.bytes")
          .hasMessageContaining("at least 16777216");
    }
  }

  private static Options options(String memory) {
    Options options = new Options();
    options.setTableFormatConfig(new BlockBasedTableConfig());
    new BoundedRocksDb().setConfig("states", options, Map.of(BoundedRocksDb.MEMORY_CONFIG, memory));
    return options;
  }

  private Map<String, Double> metricsAfterRecords() {
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream("in", Consumed.with(Serdes.String(), Serdes.String()))
        .process(
            Enricher.builder(Serdes.String(), LetterModel.looking(1)).build().supplier(),
            Named.as("enrich"));
    Properties configs = new Properties();
    configs.put(StreamsConfig.APPLICATION_ID_CONFIG, "bounded");
    configs.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "unused:9092");
    configs.put(StreamsConfig.STATE_DIR_CONFIG, folder.toString());
    configs.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedRocksDb.class);
    configs.put(BoundedRocksDb.MEMORY_CONFIG, MEMORY);
    try (TopologyTestDriver driver = new TopologyTestDriver(builder.build(), configs)) {
      TestInputTopic<String, String> in =
          driver.createInputTopic("in", new StringSerializer(), new StringSerializer());
      for (int i = 0; i < 200; i++) {
        in.pipeInput("k" + i, "a b c");
      }
      Map<String, Double> values = new HashMap<>();
      for (Metric metric : driver.metrics().values()) {
        String store = metric.metricName().tags().get("rocksdb-state-id");
        if (store != null && metric.metricName().name().startsWith("block-cache-")) {
          Object value = metric.metricValue();
          if (value instanceof Number number) {
            values.put(metric.metricName().name() + " of " + store, number.doubleValue());
          }
        }
      }
      return values;
    }
  }
}
