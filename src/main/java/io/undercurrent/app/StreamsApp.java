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
import io.undercurrent.streams.LookAhead;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.TimeoutException;
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

  private final TopologyDefinition definition;
  private final Model model;
  private final StateFolder stateFolder;
  private final StreamsConfig streamsConfig;
  private final EnrichmentSettings settings;
  private final Topics topics;
  private final Admission admission;
  private final TopicWatch watch; // starts when the app runs for the first time
  private final ThreadFailures failures;
  private final MeterRegistry registry;
  private final ApplicationMeters meters;
  private final LookAhead lookAhead; // null if records are computed one by one

  private TopicLimits topicLimits = TopicLimits.UNKNOWN; // before checkTopics
  private Admission.Admitted admitted; // null before checkTopics
  private KafkaStreams streams; // null before start
  private Throwable failure;
  private long failedNanos; // when failure was set
  private boolean hasRun;
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
    StreamsConfig checked = StreamsSettings.of(definition, config, registry);
    this.stateFolder =
        new StateFolder(
            Path.of(
                checked.getString(StreamsConfig.STATE_DIR_CONFIG),
                checked.getString(StreamsConfig.APPLICATION_ID_CONFIG)));
    this.streamsConfig = StreamsSettings.withAddress(checked, stateFolder.instanceName());
    this.meters = new ApplicationMeters(registry, streamsConfig.originals());
    // Registered now, so that they are exported before the first task starts.
    EnricherMeters.of(registry, EnrichmentTopology.ENRICH, model).in(definition.name());
    this.settings =
        EnrichmentSettings.DEFAULTS
            .withMaxTokens(config.maxTokens())
            .withHalfLifeTokens(config.halfLifeTokens())
            .withMaxRecordBytes(StreamsSettings.maxRecordBytes(streamsConfig))
            .withBatch(config.batchRecords(), config.batchTokens());
    this.lookAhead = config.batchRecords() == 1 ? null : new LookAhead();
    this.topics = new Topics(definition, config, streamsConfig, internalTopics());
    this.admission =
        new Admission(definition, enrichment(), this.model, streamsConfig, stateFolder, topics);
    this.watch =
        new TopicWatch(
            topics,
            streamsConfig,
            InternalTopics.changelog(applicationId(), definition.store()),
            this::isLive,
            admission::agreedSettings,
            this::fail);
    this.failures =
        new ThreadFailures(streamsConfig, stateFolder, topics::wrongPartitions, stores());
  }

  /**
   * Checks that the instance may process: that the cluster answers, that the topics exist, that
   * Kafka Streams' internal topics have the right number of partitions, and that settings, offsets
   * and states on disk are those of the application. Also reads which sizes and timestamps the
   * topics accept. Without this check only {@code max.request.size} limits the records that are
   * sent. A cluster that just starts answers late, so the check is made three times before it fails
   * for that.
   */
  public void checkTopics(StartOptions options) {
    boolean done = false;
    for (int check = 1; !done; check++) {
      try {
        check(options);
        done = true;
      } catch (AppException e) {
        if (!(e.getCause() instanceof TimeoutException) || check == CHECKS || isClosed()) {
          throw e;
        }
        log.warn("{}; trying again ({} of {})", e.getMessage(), check + 1, CHECKS);
      }
    }
  }

  /**
   * The same, without options.
   *
   * @param create whether to create missing topics
   */
  public void checkTopics(boolean create) {
    checkTopics(create ? StartOptions.CREATE_TOPICS : StartOptions.NONE);
  }

  private void check(StartOptions options) {
    TopicLimits limits = topics.check(options.createTopics(), options.addPartitions());
    stateFolder.take(topics.clusterId());
    Admission.Admitted found = admission.check(options, limits, changelogs());
    synchronized (this) {
      topicLimits = limits;
      admitted = found;
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

  private List<String> stores() {
    return model.config().hasMemory()
        ? List.of(definition.store(), enrichment().memoryStore())
        : List.of(definition.store());
  }

  /** The topics that Kafka Streams creates for the topology. */
  private List<String> internalTopics() {
    return InternalTopics.names(definition, model, applicationId());
  }

  private List<String> changelogs() {
    return stores().stream().map(s -> InternalTopics.changelog(applicationId(), s)).toList();
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
      if (admitted != null) { // no other instance can use the folder by now
        stateFolder.delete(admitted.tooOld());
        stateFolder.starting();
      }
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
      KafkaStreams created =
          new KafkaStreams(
              topology(),
              StreamsSettings.toRun(
                  streamsConfig,
                  topicLimits,
                  definition.deadLetters(),
                  admitted == null ? null : stateFolder.instanceName(),
                  lookAhead));
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
        topicLimits
            .maxBytes()
            .getOrDefault(EnrichmentTopology.repartitionTopic(applicationId()), sent),
        topicLimits.timestamps(),
        registry,
        new TopologyConfig(streamsConfig),
        lookAhead);
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
    Throwable explained = failures.explained(cause); // without the lock, because it asks a broker
    synchronized (this) {
      boolean passes = failures.mayRejoin(cause, hasRun);
      if (passes && !closed && failure == null && failures.takeRejoin()) {
        log.warn(
            "a stream thread lost its place in the group and starts again; nothing is lost: {}",
            AppException.oneLine(cause));
        return StreamThreadExceptionResponse.REPLACE_THREAD;
      }
      if (!closed && failures.maySkip(cause)) {
        log.warn(
            "a broker refused a record; it goes to the dead letters at the next attempt: {}",
            AppException.oneLine(cause));
        return StreamThreadExceptionResponse.REPLACE_THREAD;
      }
      if (!closed && failures.mayRestore(cause)) {
        log.warn(
            "the files of a store are broken; it is restored from its changelog: {}",
            AppException.oneLine(cause));
        return StreamThreadExceptionResponse.REPLACE_THREAD;
      }
      if (closed && passes) {
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

  /** Stops processing because of something that is not a stream thread's failure. */
  private void fail(AppException cause) {
    KafkaStreams running;
    synchronized (this) {
      if (closed || failure != null) {
        return;
      }
      failure = cause;
      failedNanos = System.nanoTime();
      running = streams;
      notifyAll();
    }
    log.error("stopping: {}", cause.getMessage());
    running.close(closeOptions(Duration.ZERO)); // returns at once
  }

  private synchronized void onStateChange(State now) {
    log.info("Kafka Streams is {}", now);
    if (now == State.RUNNING && !hasRun) {
      hasRun = true;
      watch.start(admitted == null ? null : admitted.identity());
    }
    notifyAll();
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
    int known = watch.partitions();
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
      throw new AppException(ThreadFailures.message(failure), failure);
    }
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
      watch.stop();
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
    Instant closing = Instant.now();
    Set<String> complete =
        isAdmitted() && meters.notReady().isEmpty() ? activeTasks(running) : Set.of();
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
    if (inTime && !complete.isEmpty()) {
      try {
        stateFolder.stoppedAt(closing, complete);
      } catch (AppException e) {
        log.warn("the next start may restore states: {}", e.getMessage());
      }
    }
    return inTime;
  }

  /** The tasks that it processes. The states of others, such as standbys, may be behind. */
  private static Set<String> activeTasks(KafkaStreams running) {
    try {
      return running.metadataForLocalThreads().stream()
          .flatMap(thread -> thread.activeTasks().stream())
          .map(task -> task.taskId().toString())
          .collect(Collectors.toSet());
    } catch (IllegalStateException e) {
      return Set.of(); // it has ended meanwhile
    }
  }

  private synchronized boolean isAdmitted() {
    return admitted != null && failure == null;
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
            StreamsSettings.hasInstanceId(streamsConfig)
                ? GroupMembershipOperation.REMAIN_IN_GROUP
                : GroupMembershipOperation.LEAVE_GROUP);
  }
}
