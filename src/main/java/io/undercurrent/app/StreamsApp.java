package io.undercurrent.app;

import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.config.UndercurrentConfig;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.metrics.internals.EnricherMeters;
import io.undercurrent.model.Model;
import io.undercurrent.model.StatePrecision;
import io.undercurrent.query.NotAvailableException;
import io.undercurrent.query.internals.StreamsQueries;
import io.undercurrent.query.internals.StreamsQueries.Host;
import io.undercurrent.streams.ApplicationMeters;
import io.undercurrent.streams.BoundedRocksDb;
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.LookAhead;
import io.undercurrent.streams.internals.RefusedRecords;
import io.undercurrent.streams.internals.TimestampRange;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.CoordinatorLoadInProgressException;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.NotCoordinatorException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.errors.TopologyException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running instance of the enrichment. Call {@link #checkTopics}, {@link #start}, {@link
 * #awaitTermination} and {@link #close}, in this order. Thread-safe; a shutdown hook may call
 * {@code close} at any time. All failures are {@link AppException}s.
 */
public final class StreamsApp implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(StreamsApp.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);

  /** How long it waits before it looks whether the brokers still answer. */
  private static final Duration CLOSE_STEP = Duration.ofSeconds(2);

  private static final int CHECKS = 3;
  private static final int MAX_REJOINS = 20;
  private static final Duration REJOINS_PER = Duration.ofMinutes(10);

  private static final String PARTITIONS_ADDED =
      "partitions were added; a restart continues after the last commit";

  private static final long RETRY_MS = 1_000;
  private static final long MAX_WATCH_MS = 30_000;

  private final TopologyDefinition definition;
  private final Model model;
  private final StateFolder stateFolder;
  private final StreamsConfig streamsConfig;
  private final EnrichmentSettings settings;
  private final Topics topics;
  private final MeterRegistry registry;
  private final ApplicationMeters meters;
  private final LookAhead lookAhead; // null if records are computed one by one

  private TopicLimits topicLimits = TopicLimits.UNKNOWN; // before checkTopics
  private boolean named; // whether the state folder keeps the instance's name
  private KafkaStreams streams; // null before start
  private Throwable failure;
  private long failedNanos; // when failure was set
  private boolean hasRun;
  private int rejoins; // since firstRejoinNanos
  private long firstRejoinNanos;
  private volatile int partitions; // of the states' changelog; 0 until it is known
  private Thread watch; // of the topics; null before the app runs for the first time
  private boolean closed; // since close was called
  private boolean closeEnded;
  private boolean closedInTime;
  private boolean closedWithoutBrokers;

  /**
   * Checks the settings. Contacts no broker.
   *
   * @param registry where meters are registered, including those of Kafka Streams
   */
  public StreamsApp(
      TopologyDefinition definition,
      UndercurrentConfig config,
      Model model,
      MeterRegistry registry) {
    this.definition = definition;
    this.model =
        config.statePrecision().equals(UndercurrentConfig.STATE_PRECISION_AUTO)
            ? model
            : model.withStatePrecision(StatePrecision.of(config.statePrecision()));
    this.registry = registry;
    StreamsConfig checked = streamsConfig(definition, config, registry);
    this.stateFolder =
        new StateFolder(
            Path.of(
                checked.getString(StreamsConfig.STATE_DIR_CONFIG),
                checked.getString(StreamsConfig.APPLICATION_ID_CONFIG)));
    this.streamsConfig = withAddress(checked, stateFolder.instanceName());
    this.meters = new ApplicationMeters(registry, streamsConfig.originals());
    // Registered now, so that they are exported before the first task starts.
    EnricherMeters.of(registry, EnrichmentTopology.ENRICH, model).in(definition.name());
    this.topics = new Topics(definition, config, streamsConfig);
    this.settings =
        EnrichmentSettings.DEFAULTS
            .withMaxTokens(config.maxTokens())
            .withHalfLifeTokens(config.halfLifeTokens())
            .withMaxRecordBytes(maxRecordBytes(streamsConfig))
            .withBatch(config.batchRecords(), config.batchTokens());
    this.lookAhead = config.batchRecords() == 1 ? null : new LookAhead();
  }

  private static StreamsConfig streamsConfig(
      TopologyDefinition definition, UndercurrentConfig config, MeterRegistry registry) {
    String deadLetters = StreamsConfig.ERRORS_DEAD_LETTER_QUEUE_TOPIC_NAME_CONFIG;
    if (config.streams(Map.of()).containsKey(deadLetters)) {
      throw new AppException(
          deadLetters + " must not be set: set sinks.deadLetters in the topology instead");
    }
    Map<String, Object> ours =
        new HashMap<>(DeadLetterHandler.settings(definition.deadLetters(), registry));
    ours.put(
        StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG, MissingTimestamps.class.getName());
    ours.put(ApplicationMeters.TOPOLOGY_CONFIG, definition.name());
    ours.put(StreamsConfig.ROCKSDB_CONFIG_SETTER_CLASS_CONFIG, BoundedRocksDb.class.getName());
    ours.put(BoundedRocksDb.MEMORY_CONFIG, config.rocksDbMemoryBytes());
    try {
      return new StreamsConfig(config.streams(ours));
    } catch (ConfigException e) {
      throw new AppException("settings for Kafka Streams: " + e.getMessage(), e);
    }
  }

  /**
   * Gives an instance without {@code application.server} an address that cannot be reached, because
   * Kafka Streams tracks which instance has which partition only if instances have addresses. It is
   * the same at each start: another address would make all members join the group again.
   */
  private static StreamsConfig withAddress(StreamsConfig config, String instanceName) {
    // Not under the streams protocol: there an address can make joining fail (see canRejoin), and
    // an instance knows its own keys without one.
    if (usesStreamsProtocol(config.originals())
        || !config.getString(StreamsConfig.APPLICATION_SERVER_CONFIG).isEmpty()) {
      return config;
    }
    Map<String, Object> all = new HashMap<>(config.originals());
    all.put(StreamsConfig.APPLICATION_SERVER_CONFIG, Host.unreachable(instanceName));
    return new StreamsConfig(all);
  }

  private static boolean usesStreamsProtocol(Map<String, Object> configs) {
    return "streams"
        .equalsIgnoreCase(String.valueOf(configs.get(StreamsConfig.GROUP_PROTOCOL_CONFIG)));
  }

  /** The largest record that the application's producer may send, in bytes. */
  public static int maxRecordBytes(StreamsConfig config) {
    try {
      return DeadLetterHandler.maxRequestSize(config.originals());
    } catch (ConfigException e) {
      throw new AppException("settings for Kafka Streams: " + e.getMessage(), e);
    }
  }

  /**
   * Checks that the cluster answers, that the topics exist, and that Kafka Streams' internal topics
   * have the right number of partitions. Also reads which sizes and timestamps the topics accept.
   * Without this check only {@code max.request.size} limits the records that are sent. A cluster
   * that just starts answers late, so the check is made three times before it fails for that.
   *
   * @param create whether to create missing topics
   */
  public void checkTopics(boolean create) {
    checkTopics(create, false);
  }

  /**
   * The same.
   *
   * @param addPartitions whether to give Kafka Streams' internal topics as many partitions as the
   *     source topics
   */
  public void checkTopics(boolean create, boolean addPartitions) {
    TopicLimits found = null;
    for (int check = 1; found == null; check++) {
      try {
        found = topics.check(create, addPartitions, internalTopics());
      } catch (AppException e) {
        if (!(e.getCause() instanceof TimeoutException) || check == CHECKS || isClosed()) {
          throw e;
        }
        log.warn("{}; trying again ({} of {})", e.getMessage(), check + 1, CHECKS);
      }
    }
    stateFolder.take(topics.clusterId());
    synchronized (this) {
      topicLimits = found;
      named = true;
    }
  }

  /** All topics that it reads and writes. */
  private List<String> allTopics() {
    List<String> all = new ArrayList<>(internalTopics());
    all.addAll(definition.topics());
    all.add(definition.enriched());
    all.add(definition.deadLetters());
    return all;
  }

  /** The topics that Kafka Streams creates for the topology. */
  private List<String> internalTopics() {
    List<String> internal = new ArrayList<>();
    internal.add(changelog(definition.store()));
    if (model.config().hasMemory()) {
      internal.add(changelog(enrichment().memoryStore()));
    }
    if (definition.key() != null) {
      internal.add(applicationId() + "-" + EnrichmentTopology.REPARTITION + "-repartition");
    }
    return internal;
  }

  private String changelog(String store) {
    return applicationId() + "-" + store + "-changelog";
  }

  private String applicationId() {
    return streamsConfig.getString(StreamsConfig.APPLICATION_ID_CONFIG);
  }

  /** Starts processing in Kafka Streams' threads and returns. Does nothing after {@link #close}. */
  public void start() {
    KafkaStreams starting;
    synchronized (this) {
      if (closed) {
        return;
      }
      if (streams != null) {
        throw new IllegalStateException("start must be called once, found a second call");
      }
      starting = create();
      streams = starting;
      meters.watchTopics(allTopics());
      meters.bindTo(starting);
    }
    log.info("kernels: {}, states in {}", Kernels.best().name(), model.statePrecision());
    // Without the lock: this waits for stream threads, which need it to report their states.
    try {
      starting.start();
    } catch (IllegalStateException e) {
      if (!isClosed()) { // if it was just closed, Kafka Streams throws this
        throw e;
      }
    } catch (KafkaException e) {
      onThreadFailure(e);
      throw new AppException(startFailure(e), e);
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private KafkaStreams create() {
    try {
      KafkaStreams created = new KafkaStreams(topology(), runConfig());
      created.setUncaughtExceptionHandler(this::onThreadFailure);
      created.setStateListener(meters.stateListener((now, before) -> onStateChange(now)));
      created.setGlobalStateRestoreListener(meters.restoreListener());
      return created;
    } catch (KafkaException e) {
      throw new AppException(startFailure(e), e);
    }
  }

  private Topology topology() {
    int sent = settings.maxRecordBytes();
    int accepted = topicLimits.maxBytes().getOrDefault(definition.enriched(), sent);
    return EnrichmentTopology.build(
        definition,
        model,
        settings.withMaxRecordBytes(Math.min(sent, accepted)),
        topicLimits.timestamps(),
        registry,
        new TopologyConfig(streamsConfig),
        lookAhead);
  }

  private StreamsConfig runConfig() {
    Map<String, Object> configs = new HashMap<>();
    topicLimits
        .internalTopics()
        .forEach((name, value) -> configs.put(StreamsConfig.topicPrefix(name), value));
    configs.putAll(streamsConfig.originals());
    Integer accepted = topicLimits.maxBytes().get(definition.deadLetters());
    if (accepted != null) {
      configs.put(DeadLetterHandler.MAX_BYTES_CONFIG, accepted);
    }
    TimestampRange letters = topicLimits.letterTimestamps();
    configs.put(DeadLetterHandler.TIMESTAMP_BEFORE_MAX_MS_CONFIG, letters.beforeMaxMs());
    configs.put(DeadLetterHandler.TIMESTAMP_AFTER_MAX_MS_CONFIG, letters.afterMaxMs());
    if (named && !hasConfiguredInstanceId() && !usesStreamsProtocol(configs)) {
      configs.put(
          StreamsConfig.mainConsumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG),
          stateFolder.instanceName());
    }
    return new StreamsConfig(lookAhead == null ? configs : lookAhead.addTo(configs));
  }

  private String startFailure(KafkaException e) {
    if (e.getMessage().contains("multiple instances")) {
      return "the state folder %s is in use by another instance of %s: stop that instance, or set another state.dir"
          .formatted(streamsConfig.getString(StreamsConfig.STATE_DIR_CONFIG), applicationId());
    }
    return "cannot start: " + AppException.oneLine(e);
  }

  private StreamThreadExceptionResponse onThreadFailure(Throwable cause) {
    log.debug("a stream thread failed", cause);
    Throwable explained = explained(cause); // without the lock, because it asks a broker
    synchronized (this) {
      if (canRejoin(cause) && isRejoinLeft()) {
        log.warn(
            "a stream thread lost its place in the group and starts again; nothing is lost: {}",
            AppException.oneLine(cause));
        return StreamThreadExceptionResponse.REPLACE_THREAD;
      }
      if (canSkip(cause)) {
        log.warn(
            "a broker refused a record; it goes to the dead letters at the next attempt: {}",
            AppException.oneLine(cause));
        return StreamThreadExceptionResponse.REPLACE_THREAD;
      }
      if (closed && canRejoin(cause)) {
        return StreamThreadExceptionResponse.SHUTDOWN_CLIENT; // it stops, and nothing is lost
      }
      if (failure == null) {
        failure = explained;
        failedNanos = System.nanoTime();
        notifyAll();
      }
    }
    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
  }

  /** Some failures we can explain better: added partitions, a copied state folder. */
  private Throwable explained(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof FencedInstanceIdException) {
        return new AppException(
            "another instance has joined the group under the name of this one: if it runs with a copy of the state folder %s, delete that folder on one of the two"
                .formatted(stateFolder),
            failure);
      }
      if (cause instanceof TopologyException
          || String.valueOf(cause.getMessage()).contains("invalid partitions")) {
        try {
          Optional<String> problem = topics.wrongPartitions(internalTopics());
          if (problem.isEmpty() && cause instanceof TopologyException) {
            return failure;
          }
          return new AppException(problem.orElse(PARTITIONS_ADDED), failure);
        } catch (AppException e) {
          return failure;
        }
      }
    }
    return failure;
  }

  /**
   * Whether to start a new stream thread: this one ended because of a refused record, which the new
   * one sends to the dead letters.
   */
  private boolean canSkip(Throwable cause) {
    return refusal(cause) != null
        && !closed
        && RefusedRecords.from(streamsConfig.originals()).takeAttempt();
  }

  /** What to change at a topic that refused a record; null for another failure. */
  private static String refusal(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RecordTooLargeException) {
        return "raise max.message.bytes of that topic";
      }
      if (cause instanceof InvalidTimestampException) {
        return "raise message.timestamp.after.max.ms and message.timestamp.before.max.ms of that"
            + " topic";
      }
      if (cause instanceof InvalidRecordException) {
        return "see what that topic accepts: its cleanup.policy and message.timestamp.* settings";
      }
    }
    return null;
  }

  /**
   * Whether a new stream thread may succeed where this one failed, and without loss: what it did
   * not commit is aborted.
   *
   * <p>After a pause longer than its transaction's timeout, a thread finds its transaction aborted
   * by the coordinator. Kafka Streams itself starts such a thread again, but not for every error by
   * which the brokers say so. Nor does it while a coordinator that has moved is loading its
   * transactions.
   *
   * <p>The last line works around a fault of Kafka 4.3.1's brokers under the streams group
   * protocol. For some moments after the source topics were created, the group's coordinator does
   * not know them. A member without {@code application.server} is told that topics are missing, and
   * asks again. A member with one gets an UnknownServerException, because
   * EndpointToPartitionsManager asks for the sub-topologies of a topology that is not configured
   * yet. That member gives up, so another one has to join.
   */
  private boolean canRejoin(Throwable cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return isPassing(root)
        || root instanceof UnknownServerException
            && usesStreamsProtocol(streamsConfig.originals())
            && !hasRun;
  }

  /** Whether an error says that a transaction or a membership ended, or that its broker moves. */
  static boolean isPassing(Throwable root) {
    return root instanceof InvalidTxnStateException
        || root instanceof ProducerFencedException
        || root instanceof InvalidProducerEpochException
        || root instanceof InvalidPidMappingException
        || root instanceof CoordinatorLoadInProgressException
        || root instanceof CoordinatorNotAvailableException
        || root instanceof NotCoordinatorException;
  }

  /** So that an error that does not pass ends the app. */
  private boolean isRejoinLeft() {
    long now = System.nanoTime();
    if (rejoins == 0 || now - firstRejoinNanos > REJOINS_PER.toNanos()) {
      rejoins = 0;
      firstRejoinNanos = now;
    }
    return !closed && failure == null && rejoins++ < MAX_REJOINS;
  }

  private synchronized void onStateChange(State now) {
    log.info("Kafka Streams is {}", now);
    if (now == State.RUNNING && !hasRun) {
      hasRun = true;
      watch = new Thread(this::watchTopics, "undercurrent-topics");
      watch.setDaemon(true);
      watch.start();
    }
    notifyAll();
  }

  /**
   * Looks at the topics again and again, in its own thread, because the broker may answer slowly
   * and neither a request nor Kafka Streams should wait for it. Sets {@link #partitions}, and warns
   * of partitions that were added to a source topic, before Kafka Streams notices, and of unread
   * records that were deleted.
   */
  private void watchTopics() {
    String warned = null;
    Admin admin = null; // until its brokers' addresses resolve
    try {
      while (isLive()) {
        try {
          admin = admin == null ? topics.admin() : admin;
          Topics.Look look = topics.look(admin, changelog(definition.store()), internalTopics());
          partitions = look.partitions();
          String problem = look.wrongPartitions().orElse(null);
          if (problem != null && !problem.equals(warned)) {
            log.warn("Kafka Streams will stop within metadata.max.age.ms: {}", problem);
          }
          warned = problem;
          look.deletedUnread().forEach(log::warn);
        } catch (RuntimeException e) {
          String why = e instanceof AppException ? e.getMessage() : AppException.oneLine(e);
          if (partitions == 0 && !isClosed()) {
            log.warn("cannot look up where keys are, trying again: {}", why);
          } else {
            log.debug("cannot look at the topics, trying again: {}", why);
          }
        }
        pause(partitions == 0 ? RETRY_MS : watchMs());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      if (admin != null) {
        admin.close(Duration.ZERO);
      }
    }
  }

  /** Several times before Kafka Streams' consumers look at the topics. */
  private long watchMs() {
    Object maxAge =
        streamsConfig
            .getMainConsumerConfigs("any", "any", 0)
            .get(ConsumerConfig.METADATA_MAX_AGE_CONFIG);
    long maxAgeMs = maxAge == null ? MAX_WATCH_MS : Long.parseLong(maxAge.toString());
    return Math.max(RETRY_MS, Math.min(MAX_WATCH_MS, maxAgeMs / 10));
  }

  /** Waits for this time, or less if the app is closed. */
  private synchronized void pause(long ms) throws InterruptedException {
    if (!closed) {
      wait(ms);
    }
  }

  /** The queries about its keys; may be called at any time. */
  public StreamsQueries queries() {
    Host address = Host.of(streamsConfig.getString(StreamsConfig.APPLICATION_SERVER_CONFIG));
    return new StreamsQueries(
        this::started,
        address == null ? Host.of(Host.unreachable(stateFolder.instanceName())) : address,
        model,
        enrichment(),
        this::partitions,
        definition.key() != null);
  }

  private int partitions() {
    int known = partitions;
    if (known == 0) {
      throw new NotAvailableException(
          "it is not known yet where keys are: the app looks it up when Kafka Streams is RUNNING");
    }
    return known;
  }

  private synchronized KafkaStreams started() {
    return streams;
  }

  /** The model, with the state precision of the settings. */
  public Model model() {
    return model;
  }

  /** The settings of the enrichment, with the definition's {@code nextTokens} and {@code store}. */
  public EnrichmentSettings enrichment() {
    return settings.withNextTokens(definition.nextTokens()).withStore(definition.store());
  }

  /** The topology as Kafka Streams prints it. */
  public String description() {
    return topology().describe().toString();
  }

  /** Opens the enriched topic, with a new consumer at each opening. */
  public EnrichedTopic.Opener enrichedTopic() {
    return EnrichedTopic.opener(
        definition.enriched(), () -> streamsConfig.getRestoreConsumerConfigs("live"));
  }

  /** Opens the first source topic for writing. */
  public SourceTopic sourceTopic() {
    return new SourceTopic(definition, streamsConfig.getProducerConfigs("live"));
  }

  /** How many changelog records this instance still has to restore; 0 if it is not restoring. */
  public long toRestore() {
    return meters.recordsToRestore();
  }

  /**
   * Why it does not process records now, in one sentence; empty if it does, or would if there were
   * some.
   */
  public Optional<String> notReady() {
    synchronized (this) {
      if (closed) {
        return Optional.of("stopping");
      }
      if (failure != null) {
        return Optional.of("failed: the log says why");
      }
      if (streams == null) {
        return Optional.of("starting: the topics are not checked yet");
      }
    }
    return meters.notReady();
  }

  /** Whether it may still process records without a restart. */
  public synchronized boolean isLive() {
    return !closed
        && failure == null
        && (streams == null || !streams.state().hasCompletedShutdown());
  }

  /**
   * Waits until the app processes records for the first time.
   *
   * @return false if the app was closed before that
   * @throws AppException if it failed before that
   */
  public synchronized boolean awaitRunning() throws InterruptedException {
    while (isStarting()) {
      wait();
    }
    throwFailure();
    return !closed;
  }

  /**
   * The same, with reports while it waits.
   *
   * @param every the time between reports
   * @param waiting called at each report, on the caller's thread
   */
  public boolean awaitRunning(Duration every, Runnable waiting) throws InterruptedException {
    while (!hasStartedWithin(every)) {
      waiting.run(); // without the lock: Kafka Streams' threads need it to report their states
    }
    return awaitRunning();
  }

  private synchronized boolean hasStartedWithin(Duration time) throws InterruptedException {
    long dueNanos = System.nanoTime() + time.toNanos();
    long remainingMs = time.toMillis();
    while (isStarting() && remainingMs > 0) {
      wait(remainingMs);
      remainingMs = TimeUnit.NANOSECONDS.toMillis(dueNanos - System.nanoTime());
    }
    return !isStarting();
  }

  private boolean isStarting() {
    return !closed && failure == null && !hasRun;
  }

  /**
   * Waits until the app is closed. After a failure it waits for its stream threads for 30 seconds
   * at most: one that waits for a topic that is gone ends only after minutes.
   *
   * @throws AppException if it failed
   */
  public synchronized void awaitTermination() throws InterruptedException {
    while (!closed && !streams.state().hasCompletedShutdown()) {
      if (failure == null) {
        wait();
      } else if (closeTimeout().isZero()) {
        break;
      } else {
        wait(Math.max(1, closeTimeout().toMillis()));
      }
    }
    throwFailure();
  }

  /** The time limit for closing; after a failure what is left of it. */
  private synchronized Duration closeTimeout() {
    if (failure == null) {
      return CLOSE_TIMEOUT;
    }
    Duration left = CLOSE_TIMEOUT.minusNanos(System.nanoTime() - failedNanos);
    return left.isNegative() ? Duration.ZERO : left;
  }

  /** Throws if processing has failed. */
  public synchronized void throwIfFailed() {
    throwFailure();
  }

  private void throwFailure() {
    if (failure != null) {
      throw new AppException(message(failure), failure);
    }
  }

  /**
   * The error message: why it stopped, and whether a restart helps. Only a failure that Kafka calls
   * retriable may be gone by then.
   */
  static String message(Throwable failure) {
    if (failure instanceof AppException) {
      return "stopped: " + failure.getMessage();
    }
    boolean retriable = false;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      retriable |= cause instanceof RetriableException;
    }
    return "stopped: %s; %s"
        .formatted(
            AppException.oneLine(failure),
            retriable
                ? "a restart continues after the last commit"
                : refusal(failure) != null
                    ? refusal(failure)
                        + ": a restart reads the topic's limits again, and continues after the last"
                        + " commit"
                    : "fix that first: a restart continues after the last commit and may stop there"
                        + " again");
  }

  /**
   * Finishes the records in progress, stops and frees everything, within 30 seconds. It does not
   * wait for brokers that do not answer: the records in progress are then not committed, and the
   * next start reads them again. Further calls wait for the first one.
   */
  @Override
  public void close() {
    KafkaStreams running;
    synchronized (this) {
      if (closed) {
        awaitCloseEnded();
        return;
      }
      closed = true;
      running = streams;
      if (watch != null) {
        watch.interrupt(); // it may wait for a broker that does not answer
      }
      notifyAll();
    }
    // Without the lock: closing waits for threads, which need it to report a failure.
    boolean inTime = false;
    try {
      inTime = running == null || close(running);
    } finally {
      synchronized (this) {
        closeEnded = true;
        closedInTime = inTime;
        notifyAll();
      }
    }
  }

  private boolean close(KafkaStreams running) {
    long deadline = System.nanoTime() + closeTimeout().toNanos();
    boolean inTime;
    boolean brokersAnswer;
    Duration left;
    do {
      left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
      inTime = running.close(closeOptions(left.compareTo(CLOSE_STEP) < 0 ? left : CLOSE_STEP));
      brokersAnswer = meters.brokersAnswer();
    } while (!inTime && brokersAnswer && !left.isZero());
    if (!inTime && !brokersAnswer) {
      synchronized (this) {
        closedWithoutBrokers = true;
      }
    } else if (!inTime) {
      log.warn("still stopping after {} s", CLOSE_TIMEOUT.toSeconds());
    }
    meters.close();
    return inTime;
  }

  private void awaitCloseEnded() {
    try {
      while (!closeEnded) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Whether nothing is left to repair: it had not failed, and stopped within the time limit of
   * {@link #close} or without brokers.
   */
  public synchronized boolean closedCleanly() {
    return (closedInTime || closedWithoutBrokers) && failure == null;
  }

  /** Whether it stopped without its last commit, because no broker answered. */
  public synchronized boolean closedWithoutBrokers() {
    return closedWithoutBrokers;
  }

  /**
   * The app leaves the consumer group, so that other instances take over, or a restart begins, at
   * once and not after the session timeout (45 s). If the settings have a {@code
   * group.instance.id}, it stays in the group, because it is expected back. The name that we make
   * ourselves does not count.
   */
  private CloseOptions closeOptions(Duration timeout) {
    return CloseOptions.timeout(timeout)
        .withGroupMembershipOperation(
            hasConfiguredInstanceId()
                ? GroupMembershipOperation.REMAIN_IN_GROUP
                : GroupMembershipOperation.LEAVE_GROUP);
  }

  /** Whether the settings have a {@code group.instance.id}. */
  private boolean hasConfiguredInstanceId() {
    return streamsConfig
            .getMainConsumerConfigs("any", "any", 0)
            .get(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG)
        != null;
  }
}
