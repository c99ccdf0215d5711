package io.undercurrent.config;

import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.io.EditDistance;
import io.undercurrent.model.StatePrecision;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.IsolationLevel;
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

  /** Prefix of all our settings. */
  public static final String PREFIX = "undercurrent.";

  public static final String MAX_TOKENS = "undercurrent.max.tokens";
  public static final String HALF_LIFE_TOKENS = "undercurrent.conversation.half.life.tokens";
  public static final String BATCH_RECORDS = "undercurrent.batch.records";
  public static final String BATCH_TOKENS = "undercurrent.batch.tokens";
  public static final String STATE_PRECISION = "undercurrent.state.precision";
  public static final String ROCKSDB_MEMORY_BYTES = "undercurrent.rocksdb.memory.bytes";
  public static final String HTTP_HOST = "undercurrent.http.host";
  public static final String HTTP_PORT = "undercurrent.http.port";
  public static final String HTTP_MANAGEMENT_HOST = "undercurrent.http.management.host";
  public static final String HTTP_MANAGEMENT_PORT = "undercurrent.http.management.port";
  public static final String HTTP_ALLOWED_HOSTS = "undercurrent.http.allowed.hosts";
  public static final String HTTP_TOKEN_FILE = "undercurrent.http.token.file";
  public static final String HTTP_SSL_CERTIFICATE_FILE = "undercurrent.http.ssl.certificate.file";
  public static final String HTTP_SSL_KEY_FILE = "undercurrent.http.ssl.key.file";
  public static final String HTTP_SSL_TRUST_FILE = "undercurrent.http.ssl.trust.file";
  public static final String HTTP_ENRICH = "undercurrent.http.enrich";
  public static final String HTTP_KEYS = "undercurrent.http.keys";
  public static final String HTTP_TEXTS = "undercurrent.http.texts";
  public static final String LIVE_PAGE = "undercurrent.live.page";
  public static final String LIVE_INPUT = "undercurrent.live.input";
  public static final String LIVE_STREAMS = "undercurrent.live.streams";
  public static final String TOPICS_PARTITIONS = "undercurrent.topics.partitions";
  public static final String TOPICS_RETENTION_MS = "undercurrent.topics.retention.ms";
  public static final String TOPICS_REPLICATION_FACTOR = "undercurrent.topics.replication.factor";

  /** Value of {@link #STATE_PRECISION} that chooses the precision by the kind of network. */
  public static final String STATE_PRECISION_AUTO = "auto";

  public static final int DEFAULT_HTTP_PORT = 8080;

  /** Value of {@link #HTTP_PORT} and {@link #HTTP_MANAGEMENT_PORT} for no such port. */
  public static final int HTTP_OFF = -1;

  /**
   * Size of the largest record that we send and that the topics we create accept, in bytes. With
   * Kafka's default limits a source record has at most 1 MiB. As JSON, its key and text take up to
   * six times that (a control character becomes six bytes), and the record's key is sent as well: 7
   * MiB, and the enrichment comes on top.
   */
  public static final int MAX_RECORD_BYTES = 8 * 1024 * 1024;

  /**
   * Heap for the caches of all state stores, in bytes; they save writes to RocksDB and changelogs.
   */
  private static final int STORE_CACHE_BYTES = 64 * 1024 * 1024;

  private static final long DEFAULT_ROCKSDB_MEMORY_BYTES = 256L * 1024 * 1024;

  private static final long MIN_ROCKSDB_MEMORY_BYTES = 16L * 1024 * 1024;

  /** Kafka Streams' default of 100 ms would triple the latency of an enriched record. */
  private static final int LINGER_MS = 5;

  /** The former name of {@code statestore.cache.max.bytes}; if set, it takes precedence. */
  private static final String OLD_STORE_CACHE = "cache.max.bytes.buffering";

  /** The defaults of the enrichment's settings. */
  private static final EnrichmentSettings DEFAULTS = EnrichmentSettings.DEFAULTS;

  private static final ConfigDef DEFINITION =
      new ConfigDef()
          .define(
              MAX_TOKENS,
              Type.INT,
              DEFAULTS.maxTokens(),
              Range.between(1, EnrichmentSettings.MAX_TOKENS),
              Importance.MEDIUM,
              "Tokens read from a record; text beyond this limit is ignored.")
          .define(
              HALF_LIFE_TOKENS,
              Type.DOUBLE,
              DEFAULTS.halfLifeTokens(),
              LambdaValidator.with(UndercurrentConfig::positive, () -> "more than 0"),
              Importance.LOW,
              "Half-life of a record's weight in its conversation's score, in tokens.")
          .define(
              BATCH_RECORDS,
              Type.INT,
              DEFAULTS.batchRecords(),
              Range.between(1, EnrichmentSettings.MAX_BATCH_RECORDS),
              Importance.MEDIUM,
              "Records computed together in one batch, at most; 1 computes each record alone.")
          .define(
              BATCH_TOKENS,
              Type.INT,
              DEFAULTS.batchTokens(),
              Range.between(1, EnrichmentSettings.MAX_BATCH_TOKENS),
              Importance.LOW,
              "Tokens computed together in one batch, at most; a single longer record is still"
                  + " computed.")
          .define(
              STATE_PRECISION,
              Type.STRING,
              STATE_PRECISION_AUTO,
              ConfigDef.ValidString.in(statePrecisions()),
              Importance.LOW,
              "Precision of the hidden state h in stored states; an lstm's c is always fp32. auto"
                  + " means fp16 for an lstm and fp32 for other networks, which have only h.")
          .define(
              ROCKSDB_MEMORY_BYTES,
              Type.LONG,
              DEFAULT_ROCKSDB_MEMORY_BYTES,
              Range.atLeast(MIN_ROCKSDB_MEMORY_BYTES),
              Importance.MEDIUM,
              "Memory of RocksDB outside the heap for all stores together, in bytes.")
          .define(
              HTTP_HOST,
              Type.STRING,
              "127.0.0.1",
              new ConfigDef.NonEmptyString(),
              Importance.MEDIUM,
              "Address on which HTTP is served; 0.0.0.0 for all addresses of the machine.")
          .define(
              HTTP_PORT,
              Type.INT,
              DEFAULT_HTTP_PORT,
              Range.between(HTTP_OFF, 65_535),
              Importance.MEDIUM,
              "Port on which HTTP is served; 0 for any free port, -1 for none.")
          .define(
              HTTP_MANAGEMENT_HOST,
              Type.STRING,
              "",
              Importance.LOW,
              "Address of the second port. Empty for that of undercurrent.http.host.")
          .define(
              HTTP_MANAGEMENT_PORT,
              Type.INT,
              HTTP_OFF,
              Range.between(HTTP_OFF, 65_535),
              Importance.MEDIUM,
              "A second port for health and metrics alone, with threads and connections of its own,"
                  + " without token and encryption; 0 for any free port, -1 for none.")
          .define(
              HTTP_ALLOWED_HOSTS,
              Type.STRING,
              "",
              LambdaValidator.with(
                  UndercurrentConfig::hostNames,
                  () -> "host names without scheme and port, separated by commas"),
              Importance.MEDIUM,
              "Further names by which HTTP is reached, for example a proxy's. Without a token a"
                  + " request must name, in its Host header, localhost, an IP address, the host of"
                  + " undercurrent.http.host or application.server, or one of these.")
          .define(
              HTTP_TOKEN_FILE,
              Type.STRING,
              "",
              Importance.HIGH,
              "File with the token that requests must carry (Authorization: Bearer), the same for"
                  + " all instances. A second line may have a second token, which is accepted"
                  + " too. The environment variable UNDERCURRENT_HTTP_TOKEN may hold it"
                  + " instead. Empty for no token.")
          .define(
              HTTP_SSL_CERTIFICATE_FILE,
              Type.STRING,
              "",
              Importance.MEDIUM,
              "PEM file with the certificate of HTTP and its chain, the certificate first. With it"
                  + " HTTP is https, also between instances. Empty for no encryption.")
          .define(
              HTTP_SSL_KEY_FILE,
              Type.STRING,
              "",
              Importance.MEDIUM,
              "PEM file with the certificate's private key: PKCS#8, without a password.")
          .define(
              HTTP_SSL_TRUST_FILE,
              Type.STRING,
              "",
              Importance.MEDIUM,
              "PEM file with the authorities that an instance trusts when it asks another one."
                  + " Empty for those that the JVM trusts.")
          .define(
              HTTP_ENRICH,
              Type.BOOLEAN,
              true,
              Importance.LOW,
              "Whether POST /v1/enrich enriches texts.")
          .define(
              HTTP_KEYS,
              Type.BOOLEAN,
              true,
              Importance.MEDIUM,
              "Whether HTTP answers about keys. If false, there is no live page either, because it"
                  + " lists keys.")
          .define(
              HTTP_TEXTS,
              Type.BOOLEAN,
              true,
              Importance.MEDIUM,
              "Whether answers contain the texts of records. If false, they are null in lists, and"
                  + " traces, which are texts, are refused.")
          .define(
              LIVE_PAGE,
              Type.BOOLEAN,
              true,
              Importance.MEDIUM,
              "Whether a page at / shows enriched records as they are written. The enriched topic"
                  + " is read only while the page is open somewhere.")
          .define(
              LIVE_INPUT,
              Type.BOOLEAN,
              false,
              Importance.MEDIUM,
              "Whether the page may send messages to the first source topic.")
          .define(
              LIVE_STREAMS,
              Type.INT,
              32,
              Range.between(1, 1_000),
              Importance.LOW,
              "Pages that can be open at once, at most; each takes a thread.")
          .define(
              TOPICS_PARTITIONS,
              Type.INT,
              4,
              Range.between(1, 10_000),
              Importance.LOW,
              "Partitions of the topics that --create-topics creates.")
          .define(
              TOPICS_RETENTION_MS,
              Type.LONG,
              -1L,
              Range.atLeast(-1),
              Importance.LOW,
              "How long the topics that --create-topics creates keep records, in ms by the records'"
                  + " timestamps; -1 for ever.")
          .define(
              TOPICS_REPLICATION_FACTOR,
              Type.SHORT,
              (short) -1,
              LambdaValidator.with(UndercurrentConfig::replicationFactor, () -> "-1 or at least 1"),
              Importance.LOW,
              "Replicas of the topics that --create-topics creates; -1 for the broker's default.");

  private static String[] statePrecisions() {
    return Stream.concat(
            Stream.of(STATE_PRECISION_AUTO),
            Arrays.stream(StatePrecision.values()).map(StatePrecision::toString).sorted())
        .toArray(String[]::new);
  }

  private static void positive(String name, Object value) {
    double number = (Double) value;
    if (!(number > 0) || Double.isInfinite(number)) {
      throw new ConfigException(name, value, "Value must be more than 0");
    }
  }

  private static void hostNames(String name, Object value) {
    if (!names((String) value).stream().allMatch(host -> host.matches("[\\w.-]+"))) {
      throw new ConfigException(
          name, value, "Value must be host names without scheme and port, separated by commas");
    }
  }

  private static List<String> names(String value) {
    return value.isEmpty() ? List.of() : List.of(value.split("\\s*,\\s*", -1));
  }

  private static void replicationFactor(String name, Object value) {
    short replicas = (Short) value;
    if (replicas != -1 && replicas < 1) {
      throw new ConfigException(name, value, "Value must be -1 or at least 1");
    }
  }

  /** All our settings, in the order of their definition. */
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
   * @param overrides settings that replace those of the file, or are added to them
   * @throws SettingsException if the file cannot be read, or one of our settings is unknown or has
   *     an invalid value
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

  /** Makes settings without a file. */
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

  /**
   * Properties that refuse a key that is given twice; otherwise one of the two would be ignored.
   */
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
        throw new SettingsException(
            file + ": each key must be given once, found " + key + " twice");
      }
      return null;
    }
  }

  private static void requireKnown(String key, String where) {
    if (key.startsWith(PREFIX) && !DEFINITION.names().contains(key)) {
      String nearest =
          DEFINITION.names().stream()
              .min(
                  Comparator.comparingInt((String name) -> EditDistance.of(key, name))
                      .thenComparing(n -> n))
              .orElseThrow();
      throw new SettingsException(
          where + ": there is no setting " + key + "; the nearest one is " + nearest);
    }
  }

  /**
   * The configuration of Kafka Streams: our defaults, replaced by the caller's {@code defaults},
   * replaced by the user's settings.
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

  /** Names have no client's prefix where possible, so that the user's settings with one win. */
  private static Map<String, Object> ourDefaults() {
    String maxRecordBytes = Integer.toString(MAX_RECORD_BYTES);
    return Map.of(
        StreamsConfig.PROCESSING_GUARANTEE_CONFIG,
        StreamsConfig.EXACTLY_ONCE_V2,
        StreamsConfig.TRANSACTIONAL_STATE_STORES_CONFIG,
        "true",
        StreamsConfig.DEFAULT_INTERACTIVE_QUERY_ISOLATION_LEVEL_CONFIG,
        IsolationLevel.READ_UNCOMMITTED.name(), // an answer has the records of the last moment
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

  public long rocksDbMemoryBytes() {
    return getLong(ROCKSDB_MEMORY_BYTES);
  }

  public String httpHost() {
    return getString(HTTP_HOST);
  }

  /** 0 for any free port, {@link #HTTP_OFF} for none. */
  public int httpPort() {
    return getInt(HTTP_PORT);
  }

  public String httpManagementHost() {
    String host = getString(HTTP_MANAGEMENT_HOST);
    return host.isEmpty() ? httpHost() : host;
  }

  /** 0 for any free port, {@link #HTTP_OFF} for none. */
  public int httpManagementPort() {
    return getInt(HTTP_MANAGEMENT_PORT);
  }

  /** Names besides those that are known, without ports. */
  public List<String> httpAllowedHosts() {
    return names(getString(HTTP_ALLOWED_HOSTS));
  }

  /** Empty for none. */
  public String httpTokenFile() {
    return getString(HTTP_TOKEN_FILE);
  }

  /** Empty for no encryption. */
  public String httpSslCertificateFile() {
    return getString(HTTP_SSL_CERTIFICATE_FILE);
  }

  /** Empty for no encryption. */
  public String httpSslKeyFile() {
    return getString(HTTP_SSL_KEY_FILE);
  }

  /** Empty for the authorities that the JVM trusts. */
  public String httpSslTrustFile() {
    return getString(HTTP_SSL_TRUST_FILE);
  }

  public boolean httpEnrich() {
    return getBoolean(HTTP_ENRICH);
  }

  public boolean httpKeys() {
    return getBoolean(HTTP_KEYS);
  }

  public boolean httpTexts() {
    return getBoolean(HTTP_TEXTS);
  }

  /** Whether the live page is served. It lists keys. */
  public boolean livePage() {
    return getBoolean(LIVE_PAGE) && httpKeys();
  }

  /** Whether the live page may send messages. */
  public boolean liveInput() {
    return getBoolean(LIVE_INPUT);
  }

  public int liveStreams() {
    return getInt(LIVE_STREAMS);
  }

  public int topicsPartitions() {
    return getInt(TOPICS_PARTITIONS);
  }

  /** -1 for ever. */
  public long topicsRetentionMs() {
    return getLong(TOPICS_RETENTION_MS);
  }

  /** -1 for the broker's default. */
  public short topicsReplicationFactor() {
    return getShort(TOPICS_REPLICATION_FACTOR);
  }
}
