package io.undercurrent.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.inference.EnrichmentSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class UndercurrentConfigTest {

  private static final Path SHIPPED = Path.of("config", "streams.properties");
  private static final String KAFKA = "application.id=a\nbootstrap.servers=b:9092\n";

  @TempDir Path folder;

  @Test
  void shouldHaveDefaults() throws IOException {
    UndercurrentConfig config = load("");

    assertThat(config.maxTokens()).isEqualTo(512);
    assertThat(config.halfLifeTokens()).isEqualTo(60);
    assertThat(config.batchRecords()).isEqualTo(EnrichmentSettings.DEFAULTS.batchRecords());
    assertThat(config.batchTokens()).isEqualTo(EnrichmentSettings.DEFAULTS.batchTokens());
    assertThat(config.statePrecision()).isEqualTo(UndercurrentConfig.STATE_PRECISION_AUTO);
    assertThat(config.httpHost()).isEqualTo("127.0.0.1");
    assertThat(config.httpPort()).isEqualTo(8080);
    assertThat(config.topicsPartitions()).isEqualTo(4);
    assertThat(config.topicsReplicationFactor()).isEqualTo((short) -1);
  }

  /** With default settings, run, the library and enrich enrich a record alike. */
  @Test
  void shouldShareTheDefaultsOfTheEnrichment() throws IOException {
    UndercurrentConfig config = load("");
    assertThat(
            EnrichmentSettings.DEFAULTS
                .withMaxTokens(config.maxTokens())
                .withHalfLifeTokens(config.halfLifeTokens())
                .withBatch(config.batchRecords(), config.batchTokens()))
        .isEqualTo(EnrichmentSettings.DEFAULTS);
  }

  @Test
  void shouldServeHttpOnThePortThatTheImageExposes() throws IOException {
    assertThat(Files.readString(Path.of("Dockerfile")))
        .contains("\nEXPOSE " + UndercurrentConfig.DEFAULT_HTTP_PORT + "\n")
        .contains("UNDERCURRENT_HEALTH=127.0.0.1/" + UndercurrentConfig.DEFAULT_HTTP_PORT + "\n");
    assertThat(Files.readString(Path.of("docker-compose.yml")))
        .contains("127.0.0.1:8080:" + UndercurrentConfig.DEFAULT_HTTP_PORT);
  }

  @Test
  void shouldAcceptTheSmallestAndTheLargestBatch() throws IOException {
    UndercurrentConfig min = load("undercurrent.batch.records=1\nundercurrent.batch.tokens=1\n");
    UndercurrentConfig max =
        load("undercurrent.batch.records=1024\nundercurrent.batch.tokens=1048576\n");

    assertThat(min.batchRecords()).isEqualTo(1);
    assertThat(min.batchTokens()).isEqualTo(1);
    assertThat(max.batchRecords()).isEqualTo(1_024);
    assertThat(max.batchTokens()).isEqualTo(1_048_576);
    EnrichmentSettings.DEFAULTS.withBatch(1_024, 1_048_576); // has the same limits as the settings
  }

  @Test
  void shouldLetOverridesWin() throws IOException {
    Path file =
        write("undercurrent.max.tokens=7\nundercurrent.http.port=0\nnum.stream.threads=1\n");

    UndercurrentConfig config =
        UndercurrentConfig.load(
            file, Map.of("undercurrent.max.tokens", "9", "num.stream.threads", "3"));

    assertThat(config.maxTokens()).isEqualTo(9);
    assertThat(config.httpPort()).isZero();
    assertThat(config.streams(Map.of())).containsEntry("num.stream.threads", "3");
  }

  @Test
  void shouldSeparateAllowedHosts() throws IOException {
    assertThat(load("").httpAllowedHosts()).isEmpty();
    assertThat(load("undercurrent.http.allowed.hosts=a.example , b-1\n").httpAllowedHosts())
        .containsExactly("a.example", "b-1");
  }

  @Test
  void shouldPassOnlyKafkasKeysToKafka() throws IOException {
    Map<String, Object> streams =
        load("""
        undercurrent.max.tokens=7
        sasl.jaas.config=org.example.Login required password="p = q : r";
        ssl.truststore.location = /etc/trust.p12
        producer.linger.ms=5
        some.key.of.an.interceptor=x
        """)
            .streams(Map.of());

    assertThat(streams)
        .containsEntry("sasl.jaas.config", "org.example.Login required password=\"p = q : r\";")
        .containsEntry("ssl.truststore.location", "/etc/trust.p12")
        .containsEntry("producer.linger.ms", "5")
        .containsEntry("some.key.of.an.interceptor", "x")
        .containsEntry("application.id", "a");
    assertThat(streams.keySet()).noneMatch(key -> key.startsWith("undercurrent."));
  }

  @Test
  void shouldLetTheUserReplaceEveryDefault() throws IOException {
    Map<String, Object> defaults = load("").streams(Map.of("state.dir", "ours"));
    assertThat(defaults)
        .containsEntry("processing.guarantee", "exactly_once_v2")
        .containsEntry("ensure.explicit.internal.resource.naming", "true")
        .containsEntry("auto.offset.reset", "earliest")
        .containsEntry("state.dir", "ours");
    StringBuilder lines = new StringBuilder();
    defaults.keySet().stream()
        .filter(key -> !KAFKA.contains(key))
        .forEach(key -> lines.append(key).append("=mine\n"));

    Map<String, Object> mine = load(lines.toString()).streams(Map.of("state.dir", "ours"));

    assertThat(mine).allSatisfy((key, value) -> assertThat(value).isIn("mine", "a", "b:9092"));
  }

  @Test
  void shouldGiveTheProducerRoomForTheLargestRecord() throws IOException {
    StreamsConfig streams = new StreamsConfig(load("").streams(Map.of()));
    StreamsConfig prefixed =
        new StreamsConfig(load("producer.max.request.size=99").streams(Map.of()));

    assertThat(streams.getProducerConfigs("c"))
        .containsEntry("max.request.size", Integer.toString(8 * 1024 * 1024));
    assertThat(prefixed.getProducerConfigs("c")).containsEntry("max.request.size", "99");
    assertThat(streams.getMainConsumerConfigs("g", "c", 0))
        .containsEntry("auto.offset.reset", "earliest");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "undercurrent.max.token=5 | there is no setting undercurrent.max.token; the nearest one is"
            + " undercurrent.max.tokens",
        "undercurrent.port=5 | there is no setting undercurrent.port; the nearest one is"
            + " undercurrent.http.port",
        "undercurrent.max.tokens=many | Invalid value many for configuration"
            + " undercurrent.max.tokens: Not a number of type INT",
        "undercurrent.max.tokens=0 | Invalid value 0 for configuration undercurrent.max.tokens:"
            + " Value must be at least 1",
        "undercurrent.max.tokens=65537 | Invalid value 65537 for configuration"
            + " undercurrent.max.tokens: Value must be no more than 65536",
        "undercurrent.batch.records=0 | Invalid value 0 for configuration"
            + " undercurrent.batch.records: Value must be at least 1",
        "undercurrent.batch.records=1025 | Invalid value 1025 for configuration"
            + " undercurrent.batch.records: Value must be no more than 1024",
        "undercurrent.batch.records=many | Invalid value many for configuration"
            + " undercurrent.batch.records: Not a number of type INT",
        "undercurrent.batch.tokens=0 | Invalid value 0 for configuration"
            + " undercurrent.batch.tokens: Value must be at least 1",
        "undercurrent.batch.tokens=1048577 | Invalid value 1048577 for configuration"
            + " undercurrent.batch.tokens: Value must be no more than 1048576",
        "undercurrent.state.precision=bf16 | Invalid value bf16 for configuration"
            + " undercurrent.state.precision: String must be one of: auto, fp16, fp32",
        "undercurrent.conversation.half.life.tokens=0 | Invalid value 0.0 for configuration"
            + " undercurrent.conversation.half.life.tokens: Value must be more than 0",
        "undercurrent.conversation.half.life.tokens=NaN | Invalid value NaN for configuration"
            + " undercurrent.conversation.half.life.tokens: Value must be more than 0",
        "undercurrent.http.port=-2 | Invalid value -2 for configuration undercurrent.http.port:"
            + " Value must be at least -1",
        "undercurrent.http.allowed.hosts=http://a | Invalid value http://a for configuration"
            + " undercurrent.http.allowed.hosts: Value must be host names without scheme and port,"
            + " separated by commas",
        "undercurrent.topics.replication.factor=0 | Invalid value 0 for configuration"
            + " undercurrent.topics.replication.factor: Value must be -1 or at least 1",
        "application.id=twice | each key must be given once, found application.id twice",
        "a=\\u12 | must be a properties file, found Malformed \\uxxxx encoding."
      })
  void shouldSayInOneLineWhatIsWrong(String line, String message) throws IOException {
    Path file = write(line + "\n");

    assertThatThrownBy(() -> UndercurrentConfig.load(file, Map.of()))
        .isInstanceOf(SettingsException.class)
        .hasMessage(file + ": " + message);
  }

  @Test
  void shouldSayThatAFileIsMissingOrNotUtf8() throws IOException {
    Path none = folder.resolve("none.properties");
    Path latin1 = folder.resolve("latin1.properties");
    Files.write(latin1, "a=caf\u00e9".getBytes(StandardCharsets.ISO_8859_1));

    assertThatThrownBy(() -> UndercurrentConfig.load(none, Map.of()))
        .hasMessage(none + ": must be a properties file, found no such file");
    assertThatThrownBy(() -> UndercurrentConfig.load(latin1, Map.of()))
        .hasMessage(latin1 + ": must be UTF-8, found other bytes");
  }

  @Test
  void shouldNameTheOptionWhereAnOverrideIsUnknown() throws IOException {
    Path file = write("");

    assertThatThrownBy(() -> UndercurrentConfig.load(file, Map.of("undercurrent.http.prt", "1")))
        .hasMessage(
            "--set: there is no setting undercurrent.http.prt; the nearest one is"
                + " undercurrent.http.port");
  }

  /** The defaults in the file are those of the code. */
  @Test
  void shouldShipAFileThatListsEverySettingWithItsDefault() throws IOException {
    String shipped = Files.readString(SHIPPED);
    Map<String, String> shown = new TreeMap<>();
    Matcher line = Pattern.compile("(?m)^#([a-z][a-z.]+)=(.*)$").matcher(shipped);
    while (line.find()) {
      shown.put(line.group(1), line.group(2));
    }
    UndercurrentConfig defaults = UndercurrentConfig.load(SHIPPED, Map.of());
    Map<String, String> ours = new TreeMap<>();
    defaults
        .values()
        .forEach((key, value) -> ours.put(key, value.toString().replaceFirst("\\.0$", "")));
    Map<String, String> kafkas = new TreeMap<>();
    defaults.streams(Map.of()).forEach((key, value) -> kafkas.put(key, value.toString()));
    kafkas.keySet().removeAll(java.util.List.of("application.id", "bootstrap.servers"));

    assertThat(shown).containsAllEntriesOf(ours).containsAllEntriesOf(kafkas);
    assertThat(new TreeSet<>(shown.keySet()))
        .filteredOn(key -> key.startsWith("undercurrent."))
        .containsExactlyElementsOf(ours.keySet());
  }

  private UndercurrentConfig load(String lines) throws IOException {
    return UndercurrentConfig.load(write(lines), Map.of());
  }

  private Path write(String lines) throws IOException {
    return Files.writeString(folder.resolve("streams.properties"), KAFKA + lines);
  }
}
