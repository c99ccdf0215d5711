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
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.LookAhead;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyConfig;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One running instance of the enrichment: {@link #checkTopics}, {@link #start}, {@link
 * #awaitTermination}, {@link #close}. Thread-safe; {@code close} may come from a shutdown hook at
 * any time. All failures are {@link AppException}s.
 */
public final class StreamsApp implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(StreamsApp.class);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(30);
  private static final int MAX_REJOINS = 20;
  private static final long RETRY_MS = 1_000;

  private final TopologyDefinition definition;
  private final Model model;
  private final StreamsConfig streamsConfig;
  private final EnrichmentSettings settings;
  private final Topics topics;
  private final MeterRegistry registry;
  private final ApplicationMeters meters;
  private final LookAhead lookAhead; // null where records are computed one by one

  private Map<String, Integer> topicLimits = Map.of(); // empty before checkTopics
  private KafkaStreams streams; // null before start
  private Throwable failure;
  private boolean hasRun;
  private int rejoins;
  private volatile int partitions; // of the states; 0 before they are known
  private boolean closed; // closing has begun
  private boolean closeEnded;
  private boolean closedInTime;

  /**
   * Checks the settings; nothing is contacted yet.
   *
   * @param registry where meters are registered, Kafka Streams' own included
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
    this.streamsConfig = streamsConfig(definition, config, registry);
    this.meters = new ApplicationMeters(registry, streamsConfig.originals());
    EnricherMeters.of(registry, EnrichmentTopology.ENRICH, model)
        .in(definition.name()); // exported from now on, not from the first task on
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
          deadLetters + " must not be set: it is the topology's sinks.deadLetters");
    }
    Map<String, Object> ours =
        new HashMap<>(DeadLetterHandler.settings(definition.deadLetters(), registry));
    ours.put(
        StreamsConfig.DEFAULT_TIMESTAMP_EXTRACTOR_CLASS_CONFIG, MissingTimestamps.class.getName());
    ours.put(ApplicationMeters.TOPOLOGY_CONFIG, definition.name());
    try {
      return new StreamsConfig(withAddress(config, ours));
    } catch (ConfigException e) {
      throw new AppException("settings for Kafka Streams: " + e.getMessage(), e);
    }
  }

  private static Map<String, Object> withAddress(
      UndercurrentConfig config, Map<String, Object> defaults) {
    Map<String, Object> all = new HashMap<>(config.streams(defaults));
    Object address = all.get(StreamsConfig.APPLICATION_SERVER_CONFIG);
    // Not under the streams protocol: an address makes joining fail there at times (see mayPass),
    // and an instance knows itself without one.
    if (!isStreams(all) && (address == null || address.toString().isEmpty())) {
      all.put(StreamsConfig.APPLICATION_SERVER_CONFIG, Host.unreachable());
    }
    return all;
  }

  private static boolean isStreams(Map<String, Object> configs) {
    return "streams"
        .equalsIgnoreCase(String.valueOf(configs.get(StreamsConfig.GROUP_PROTOCOL_CONFIG)));
  }

  /** What the producer of an application may send at once. */
  public static int maxRecordBytes(StreamsConfig config) {
    try {
      return DeadLetterHandler.maxRequestSize(config.originals());
    } catch (ConfigException e) {
      throw new AppException("settings for Kafka Streams: " + e.getMessage(), e);
    }
  }

  /**
   * Checks that the cluster answers, that the topics are there and that Kafka Streams' own topics
   * have as many partitions, and finds out how large the records are that they take: without, only
   * {@code max.request.size} limits what is sent.
   *
   * @param create whether to make those that are missing
   */
  public void checkTopics(boolean create) {
    Map<String, Integer> found = topics.check(create, internalTopics());
    synchronized (this) {
      topicLimits = found;
    }
  }

  /** Those that Kafka Streams makes for the topology. */
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

  /** Starts processing, in threads of its own; after {@link #close} nothing. */
  public void start() {
    KafkaStreams starting;
    synchronized (this) {
      if (closed) {
        return;
      }
      if (streams != null) {
        throw new IllegalStateException("an app starts once");
      }
      starting = create();
      streams = starting;
      meters.bindTo(starting);
    }
    log.info("kernels: {}, states in {}", Kernels.best().name(), model.statePrecision());
    // Outside the lock: stream threads report their states while this waits for them.
    try {
      starting.start();
    } catch (IllegalStateException e) {
      if (!isClosed()) { // it was closed just before: Kafka Streams refuses to start then
        throw e;
      }
    } catch (KafkaException e) {
      failed(e);
      throw new AppException(startFailure(e), e);
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private KafkaStreams create() {
    try {
      KafkaStreams created = new KafkaStreams(topology(), runConfig());
      created.setUncaughtExceptionHandler(this::failed);
      created.setStateListener(meters.stateListener((now, before) -> changed(now)));
      created.setGlobalStateRestoreListener(meters.restoreListener());
      return created;
    } catch (KafkaException e) {
      throw new AppException(startFailure(e), e);
    }
  }

  private Topology topology() {
    int sent = settings.maxRecordBytes();
    int taken = topicLimits.getOrDefault(definition.enriched(), sent);
    return EnrichmentTopology.build(
        definition,
        model,
        settings.withMaxRecordBytes(Math.min(sent, taken)),
        registry,
        new TopologyConfig(streamsConfig),
        lookAhead);
  }

  private StreamsConfig runConfig() {
    Map<String, Object> configs = new HashMap<>(streamsConfig.originals());
    Integer taken = topicLimits.get(definition.deadLetters());
    if (taken != null) {
      configs.put(DeadLetterHandler.MAX_BYTES_CONFIG, taken);
    }
    return new StreamsConfig(lookAhead == null ? configs : lookAhead.addTo(configs));
  }

  private String startFailure(KafkaException e) {
    if (e.getMessage().contains("multiple instances")) {
      return "the state folder %s is in use by another instance of %s: stop that, or set another state.dir"
          .formatted(streamsConfig.getString(StreamsConfig.STATE_DIR_CONFIG), applicationId());
    }
    return "cannot start: " + AppException.oneLine(e);
  }

  private StreamThreadExceptionResponse failed(Throwable cause) {
    log.debug("a stream thread failed", cause);
    synchronized (this) {
      if (mayPass(cause)) {
        log.info("the broker could not let a stream thread join: another one tries");
        return StreamThreadExceptionResponse.REPLACE_THREAD;
      }
      if (failure == null) {
        failure = cause;
      }
    }
    return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
  }

  /**
   * Under the streams group protocol a broker of 4.3.1 fails to answer a member that joins with an
   * application.server while the group's coordinator has not heard of the source topics, for some
   * moments after these were made: EndpointToPartitionsManager asks for the sub-topologies of a
   * topology that is not configured. Without an address it would say that topics are missing, and
   * the member would ask again; with one the member gives up, and another one has to join.
   */
  private boolean mayPass(Throwable cause) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root instanceof UnknownServerException
        && isStreams(streamsConfig.originals())
        && !hasRun
        && !closed
        && rejoins++ < MAX_REJOINS;
  }

  private synchronized void changed(State now) {
    log.info("Kafka Streams is {}", now);
    if (now == State.RUNNING && !hasRun) {
      hasRun = true;
      Thread looking = new Thread(this::lookUpPartitions, "undercurrent-partitions");
      looking.setDaemon(true);
      looking.start();
    }
    notifyAll();
  }

  /**
   * As many as the states' changelog has. In a thread of its own, once: a broker may take its time
   * to say, and neither a request nor Kafka Streams should wait for that.
   */
  private void lookUpPartitions() {
    String changelog = changelog(definition.store());
    try {
      while (partitions == 0 && isLive()) {
        try {
          partitions = topics.partitions(changelog);
        } catch (AppException e) {
          log.warn("where keys are is not known yet, trying again: {}", e.getMessage());
          rest();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Waits a while, at most until it is closed. */
  private synchronized void rest() throws InterruptedException {
    if (!closed) {
      wait(RETRY_MS);
    }
  }

  /** What may be asked of it, at any time. */
  public StreamsQueries queries() {
    Host address = Host.of(streamsConfig.getString(StreamsConfig.APPLICATION_SERVER_CONFIG));
    return new StreamsQueries(
        this::started,
        address == null ? Host.of(Host.unreachable()) : address,
        model,
        enrichment(),
        this::partitions);
  }

  private int partitions() {
    int known = partitions;
    if (known == 0) {
      throw new NotAvailableException(
          "where keys are is not known yet: it is looked up once Kafka Streams has been RUNNING");
    }
    return known;
  }

  private synchronized KafkaStreams started() {
    return streams;
  }

  /** What reads records, keeping states as the settings say. */
  public Model model() {
    return model;
  }

  /** How records are enriched. */
  public EnrichmentSettings enrichment() {
    return settings.withNextTokens(definition.nextTokens()).withStore(definition.store());
  }

  /** The topology as Kafka Streams prints it. */
  public String description() {
    return topology().describe().toString();
  }

  /** Opens the enriched topic, each time with a consumer of its own. */
  public EnrichedTopic.Opener enrichedTopic() {
    return EnrichedTopic.opener(
        definition.enriched(), () -> streamsConfig.getRestoreConsumerConfigs("live"));
  }

  /** Opens the source topic to write into. */
  public SourceTopic sourceTopic() {
    return new SourceTopic(definition, streamsConfig.getProducerConfigs("live"));
  }

  /** Records of states that this instance has still to read back; 0 where it does not restore. */
  public long toRestore() {
    return meters.recordsToRestore();
  }

  /** Whether records are being processed now. */
  public synchronized boolean isRunning() {
    return streams != null && streams.state() == State.RUNNING;
  }

  /** Whether it may still process records without being started again. */
  public synchronized boolean isLive() {
    return !closed
        && failure == null
        && (streams == null || !streams.state().hasCompletedShutdown());
  }

  /**
   * Waits until records are being processed for the first time.
   *
   * @return false if the app was closed before
   * @throws AppException if it failed before
   */
  public synchronized boolean awaitRunning() throws InterruptedException {
    while (isStarting()) {
      wait();
    }
    throwFailure();
    return !closed;
  }

  /**
   * The same, saying now and then that it still waits.
   *
   * @param waiting called each time that so much more time has passed, on the caller's thread
   */
  public boolean awaitRunning(Duration every, Runnable waiting) throws InterruptedException {
    while (!hasStartedWithin(every)) {
      waiting.run(); // outside the lock: Kafka Streams' threads report here meanwhile
    }
    return awaitRunning();
  }

  private synchronized boolean hasStartedWithin(Duration time) throws InterruptedException {
    long dueNanos = System.nanoTime() + time.toNanos();
    long restMs = time.toMillis();
    while (isStarting() && restMs > 0) {
      wait(restMs);
      restMs = TimeUnit.NANOSECONDS.toMillis(dueNanos - System.nanoTime());
    }
    return !isStarting();
  }

  private boolean isStarting() {
    return !closed && failure == null && !hasRun;
  }

  /**
   * Waits until the app is closed.
   *
   * @throws AppException if it failed
   */
  public synchronized void awaitTermination() throws InterruptedException {
    while (!closed && !streams.state().hasCompletedShutdown()) {
      wait();
    }
    throwFailure();
  }

  /** Returns unless processing has failed, now or earlier. */
  public synchronized void throwIfFailed() {
    throwFailure();
  }

  private void throwFailure() {
    if (failure != null) {
      throw new AppException(stopped(failure), failure);
    }
  }

  /**
   * Why it stopped, and what a restart does: only what Kafka calls retriable may be gone by then.
   */
  static String stopped(Throwable failure) {
    boolean retriable = false;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      retriable |= cause instanceof RetriableException;
    }
    return "stopped: %s; %s"
        .formatted(
            AppException.oneLine(failure),
            retriable
                ? "started again, it goes on after the last commit"
                : "mend that first: started again after the last commit, it may stop there again");
  }

  /**
   * Stops processing after what is in hand and frees everything, within 30 seconds; further calls
   * wait for the first.
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
      notifyAll();
    }
    // Outside the lock: closing waits for threads that may just be reporting a failure.
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
    boolean inTime = running.close(closeOptions());
    if (!inTime) {
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

  /** Whether it was closed, all of it in time, and had not failed. */
  public synchronized boolean closedCleanly() {
    return closedInTime && failure == null;
  }

  /**
   * Leaves the consumer group, so that others take over, or a next start begins, at once and not
   * after the session timeout (45 s). A member with a name of its own is expected back and stays.
   */
  private CloseOptions closeOptions() {
    Object member =
        streamsConfig
            .getMainConsumerConfigs("any", "any", 0)
            .get(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG);
    return CloseOptions.timeout(CLOSE_TIMEOUT)
        .withGroupMembershipOperation(
            member == null
                ? GroupMembershipOperation.LEAVE_GROUP
                : GroupMembershipOperation.REMAIN_IN_GROUP);
  }
}
