package io.undercurrent.config;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.LambdaValidator;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.streams.StreamsConfig;

/** The settings of an application. Immutable. */
public final class UndercurrentConfig extends AbstractConfig {

  /** What all settings of ours start with. */
  public static final String PREFIX = "undercurrent.";

  public static final String MAX_TOKENS = "undercurrent.max.tokens";
  public static final String HALF_LIFE_TOKENS = "undercurrent.conversation.half.life.tokens";
  public static final String BATCH_RECORDS = "undercurrent.batch.records";
  public static final String BATCH_TOKENS = "undercurrent.batch.tokens";
  public static final String STATE_PRECISION = "undercurrent.state.precision";
  public static final String HTTP_HOST = "undercurrent.http.host";
  public static final String HTTP_PORT = "undercurrent.http.port";
  public static final String LIVE_PAGE = "undercurrent.live.page";
  public static final String LIVE_INPUT = "undercurrent.live.input";
  public static final String LIVE_STREAMS = "undercurrent.live.streams";
  public static final String TOPICS_PARTITIONS = "undercurrent.topics.partitions";
  public static final String TOPICS_REPLICATION_FACTOR = "undercurrent.topics.replication.factor";

  /** Value of {@link #STATE_PRECISION} for what suits the model. */
  public static final String STATE_PRECISION_AUTO = "auto";

  /** Value of {@link #HTTP_PORT} for no HTTP at all. */
  public static final int HTTP_OFF = -1;

  /**
   * Bytes of the largest record that is sent, and that topics made by us take. A source record has
   * at most 1 MiB where Kafka's limits are its defaults; its key and text can take six times that
   * as JSON (a control character becomes six bytes), and the key is sent beside it: 7 MiB and the
   * enrichment.
   */
  public static final int MAX_RECORD_BYTES = 8 * 1024 * 1024;

  /** Bytes of heap for the caches of all state stores, which spare RocksDB and the changelog. */
  private static final int STORE_CACHE_BYTES = 64 * 1024 * 1024;

  /** With Kafka Streams' own 100 ms an enriched record takes three times as long. */
  private static final int LINGER_MS = 5;

  /** The former name of {@code statestore.cache.max.bytes}, which would win over it. */
  private static final String OLD_STORE_CACHE = "cache.max.bytes.buffering";

  private static final ConfigDef DEFINITION =
      new ConfigDef()
          .define(
              MAX_TOKENS,
              Type.INT,
              512,
              Range.between(1, 65_536),
              Importance.MEDIUM,
              "Tokens read of a record; the rest of its text is cut off.")
          .define(
              HALF_LIFE_TOKENS,
              Type.DOUBLE,
              60.0,
              LambdaValidator.with(UndercurrentConfig::positive, () -> "more than 0"),
              Importance.LOW,
              "Tokens after which a record weighs half as much in its conversation's score.")
          .define(
              BATCH_RECORDS,
              Type.INT,
              32,
              Range.between(1, 1_024),
              Importance.MEDIUM,
              "Records that are computed at once, at most; 1 computes each when it comes.")
          .define(
              BATCH_TOKENS,
              Type.INT,
              4_096,
              Range.between(1, 1_048_576),
              Importance.LOW,
              "Tokens that are computed at once, at most, unless it is one record.")
          .define(
              STATE_PRECISION,
              Type.STRING,
              STATE_PRECISION_AUTO,
              ConfigDef.ValidString.in(STATE_PRECISION_AUTO, "fp16", "fp32"),
              Importance.LOW,
              "Precision of h in stored states; c is always fp32. auto is fp16 for an lstm, fp32 for"
                  + " others, whose h is all they carry.")
          .define(
              HTTP_HOST,
              Type.STRING,
              "127.0.0.1",
              new ConfigDef.NonEmptyString(),
              Importance.MEDIUM,
              "Address that HTTP is served on; 0.0.0.0 for all of the machine.")
          .define(
              HTTP_PORT,
              Type.INT,
              8080,
              Range.between(HTTP_OFF, 65_535),
              Importance.MEDIUM,
              "Port that HTTP is served on; 0 for any that is free, -1 for none.")
          .define(
              LIVE_PAGE,
              Type.BOOLEAN,
              true,
              Importance.MEDIUM,
              "Whether a page at / shows records as they come out. Follows the enriched topic only"
                  + " while somebody looks.")
          .define(
              LIVE_INPUT,
              Type.BOOLEAN,
              false,
              Importance.MEDIUM,
              "Whether the page may send messages into the first source topic.")
          .define(
              LIVE_STREAMS,
              Type.INT,
              32,
              Range.between(1, 1_000),
              Importance.LOW,
              "Pages that are kept up to date at once; each takes a thread.")
          .define(
              TOPICS_PARTITIONS,
              Type.INT,
              4,
              Range.between(1, 10_000),
              Importance.LOW,
              "Partitions of topics that --create-topics makes.")
          .define(
              TOPICS_REPLICATION_FACTOR,
              Type.SHORT,
              (short) -1,
              LambdaValidator.with(UndercurrentConfig::replicationFactor, () -> "-1 or at least 1"),
              Importance.LOW,
              "Replicas of topics that --create-topics makes; -1 for the broker's default.");

  private static void positive(String name, Object value) {
    double number = (Double) value;
    if (!(number > 0) || Double.isInfinite(number)) {
      throw new ConfigException(name, value, "Value must be more than 0");
    }
  }

  private static void replicationFactor(String name, Object value) {
    short replicas = (Short) value;
    if (replicas != -1 && replicas < 1) {
      throw new ConfigException(name, value, "Value must be -1 or at least 1");
    }
  }

  /** All settings of ours, as they are defined. */
  public static List<Setting> reference() {
    return DEFINITION.configKeys().values().stream().map(Setting::of).toList();
  }

  private final Map<String, Object> kafka;

  private UndercurrentConfig(Map<String, Object> ours, Map<String, Object> kafka) {
    super(DEFINITION, ours, Map.of(), false);
    this.kafka = Map.copyOf(kafka);
  }

  /**
   * Reads a file such as {@code config/streams.properties}.
   *
   * @param overrides settings that replace or join the file's
   * @throws SettingsException if the file or a setting of ours is not as it must be
   */
  public static UndercurrentConfig load(Path file, Map<String, String> overrides) {
    Map<String, String> settings = read(file);
    for (String key : overrides.keySet()) {
      requireKnown(key, "--set");
    }
    for (String key : settings.keySet()) {
      requireKnown(key, file.toString());
    }
    settings.putAll(overrides);
    return of(settings, file.toString());
  }

  /** The settings of somebody who has no file. */
  public static UndercurrentConfig of(Map<String, String> settings) {
    settings.keySet().forEach(key -> requireKnown(key, "settings"));
    return of(settings, "settings");
  }

  private static UndercurrentConfig of(Map<String, String> settings, String where) {
    Map<String, Object> ours = new HashMap<>();
    Map<String, Object> kafka = new HashMap<>();
    settings.forEach((key, value) -> (key.startsWith(PREFIX) ? ours : kafka).put(key, value));
    try {
      return new UndercurrentConfig(ours, kafka);
    } catch (ConfigException e) {
      throw new SettingsException(where + ": " + e.getMessage());
    }
  }

  private static Map<String, String> read(Path file) {
    Map<String, String> settings = new HashMap<>();
    try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
      new OncePerKey(settings, file.toString()).load(reader);
    } catch (NoSuchFileException e) {
      throw new SettingsException(file + ": must be a properties file, found no such file");
    } catch (MalformedInputException e) {
      throw new SettingsException(file + ": must be UTF-8, found other bytes");
    } catch (IOException | IllegalArgumentException e) {
      throw new SettingsException(file + ": must be a properties file, found " + e.getMessage());
    }
    return settings;
  }

  /** Properties that notice a key that stands twice: one of the two would silently count. */
  private static final class OncePerKey extends Properties {
    private static final long serialVersionUID = 1L;
    private final transient Map<String, String> settings;
    private final String file;

    OncePerKey(Map<String, String> settings, String file) {
      this.settings = settings;
      this.file = file;
    }

    @Override
    public synchronized Object put(Object key, Object value) {
      if (settings.put((String) key, ((String) value).trim()) != null) {
        throw new SettingsException(file + ": each key must stand once, found " + key + " twice");
      }
      return null;
    }
  }

  private static void requireKnown(String key, String where) {
    if (key.startsWith(PREFIX) && !DEFINITION.names().contains(key)) {
      String nearest =
          DEFINITION.names().stream()
              .min(Comparator.comparingInt((String name) -> edits(key, name)).thenComparing(n -> n))
              .orElseThrow();
      throw new SettingsException(
          where + ": there is no setting " + key + "; the nearest one is " + nearest);
    }
  }

  /** Levenshtein's distance. */
  private static int edits(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(changed, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }

  /**
   * What Kafka Streams is started with: our defaults, and over them {@code defaults} of the caller,
   * and over both whatever the user has set.
   */
  public Map<String, Object> streams(Map<String, Object> defaults) {
    Map<String, Object> streams = new HashMap<>(ourDefaults());
    streams.putAll(defaults);
    if (kafka.containsKey(OLD_STORE_CACHE)) {
      streams.remove(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG);
    }
    streams.putAll(kafka);
    return streams;
  }

  /** Under names without a client's prefix where there is a choice: those with one win. */
  private static Map<String, Object> ourDefaults() {
    String maxRecordBytes = Integer.toString(MAX_RECORD_BYTES);
    return Map.of(
        StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
        StreamsConfig.EXACTLY_ONCE_V2,
        StreamsConfig.ENSURE_EXPLICIT_INTERNAL_RESOURCE_NAMING_CONFIG,
        "true",
        StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG,
        Integer.toString(STORE_CACHE_BYTES),
        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG,
        "earliest",
        ProducerConfig.LINGER_MS_CONFIG,
        Integer.toString(LINGER_MS),
        ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
        maxRecordBytes,
        StreamsConfig.topicPrefix(TopicConfig.MAX_MESSAGE_BYTES_CONFIG),
        maxRecordBytes);
  }

  public int maxTokens() {
    return getInt(MAX_TOKENS);
  }

  public double halfLifeTokens() {
    return getDouble(HALF_LIFE_TOKENS);
  }

  public int batchRecords() {
    return getInt(BATCH_RECORDS);
  }

  public int batchTokens() {
    return getInt(BATCH_TOKENS);
  }

  /** {@code fp16}, {@code fp32} or {@link #STATE_PRECISION_AUTO}. */
  public String statePrecision() {
    return getString(STATE_PRECISION);
  }

  public String httpHost() {
    return getString(HTTP_HOST);
  }

  /** 0 for any port that is free, {@link #HTTP_OFF} for none. */
  public int httpPort() {
    return getInt(HTTP_PORT);
  }

  /** Whether records are shown as they come out. */
  public boolean livePage() {
    return getBoolean(LIVE_PAGE);
  }

  /** Whether whoever sees the page may send messages. */
  public boolean liveInput() {
    return getBoolean(LIVE_INPUT);
  }

  public int liveStreams() {
    return getInt(LIVE_STREAMS);
  }

  public int topicsPartitions() {
    return getInt(TOPICS_PARTITIONS);
  }

  /** -1 for the broker's default. */
  public short topicsReplicationFactor() {
    return getShort(TOPICS_REPLICATION_FACTOR);
  }
}
