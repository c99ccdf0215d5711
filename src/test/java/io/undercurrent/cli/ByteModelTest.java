package io.undercurrent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.ByteModel;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.streams.EnrichedRecordSerde;
import io.undercurrent.streams.Enricher;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Produced;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model of bytes reads any text, with the same result in the topology and in {@code enrich}. */
class ByteModelTest {

  private static final ObjectMapper JSON = new ObjectMapper();

  private static final List<String> TEXTS =
      List.of(
          "2026-11-24T09:15:22Z WARN disk 91 % full",
          "世界 привет 😂",
          "",
          "\u0000\u001b[31m\r\n\t\u007f",
          "\uFEFFaé",
          "x".repeat(600),
          "é".repeat(256) + "!");

  @TempDir private Path folder;

  private final Model model = ByteModel.of(3);

  @Test
  void shouldEnrichTheSameInTheTopologyAndWithoutKafka() throws IOException {
    List<JsonNode> enriched = enriched();
    List<JsonNode> fromTopology = fromTopology();

    assertThat(fromTopology).isEqualTo(enriched).hasSize(TEXTS.size());
  }

  @Test
  void shouldCountBytesAndCutAtCharacters() throws IOException {
    List<JsonNode> enriched = enriched();

    assertThat(enriched.get(0).at("/surprise/tokens").asInt()).isEqualTo(40);
    assertThat(enriched.get(0).at("/surprise/unknown").asInt()).isZero();
    assertThat(enriched.get(1).at("/surprise/tokens").asInt()).isEqualTo(6 + 1 + 12 + 1 + 4);
    assertThat(enriched.get(1).path("text").asText()).isEqualTo(TEXTS.get(1));
    assertThat(enriched.get(2).path("surprise").isNull()).isTrue();
    assertThat(enriched.get(5).path("text").asText()).isEqualTo("x".repeat(512));
    assertThat(enriched.get(5).path("truncated").asBoolean()).isTrue();
    assertThat(enriched.get(6).path("text").asText()).isEqualTo("é".repeat(256));
    for (JsonNode record : enriched) {
      for (JsonNode next : record.path("next")) {
        assertThat(next.path("token").asText()).matches("[ -~]|\\\\x[0-9a-f]{2}");
      }
    }
  }

  private List<JsonNode> enriched() throws IOException {
    StringBuilder in = new StringBuilder();
    for (String text : TEXTS) {
      ObjectNode line = JSON.createObjectNode().put("key", "k").put("text", text);
      in.append(JSON.writeValueAsString(line.put("timestamp", 7))).append('\n');
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int exit =
        new EnrichCommand.Session(new Enrichment(model, EnrichmentSettings.DEFAULTS), false)
            .run(new ByteArrayInputStream(in.toString().getBytes(UTF_8)), out);
    assertThat(exit).isZero();
    List<JsonNode> records = new ArrayList<>();
    for (String line : out.toString(UTF_8).split("\n")) {
      records.add(JSON.readTree(line));
    }
    return records;
  }

  private List<JsonNode> fromTopology() throws IOException {
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream("messages", Consumed.with(Serdes.String(), Serdes.String()))
        .process(Enricher.ofText(Serdes.String(), model).supplier())
        .to("enriched", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    Properties properties = new Properties();
    properties.put("application.id", "bytes");
    properties.put("bootstrap.servers", "localhost:1");
    properties.put("state.dir", folder.toString());
    List<JsonNode> records = new ArrayList<>();
    try (TopologyTestDriver driver = new TopologyTestDriver(builder.build(), properties)) {
      var in = driver.createInputTopic("messages", new StringSerializer(), new StringSerializer());
      var out =
          driver.createOutputTopic(
              "enriched", new StringDeserializer(), new ByteArrayDeserializer());
      for (String text : TEXTS) {
        in.pipeInput("k", text, 7);
        ObjectNode record = (ObjectNode) JSON.readTree(out.readValue());
        record.remove("source");
        records.add(record);
      }
    }
    return records;
  }
}
