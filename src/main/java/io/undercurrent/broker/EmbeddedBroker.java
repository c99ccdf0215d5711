package io.undercurrent.broker;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import kafka.server.BrokerServer;
import kafka.server.ControllerServer;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.server.Server;
import kafka.server.SharedServer;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.raft.QuorumConfig;
import org.apache.kafka.server.ServerSocketFactory;
import org.apache.kafka.server.common.Feature;
import org.apache.kafka.server.fault.FaultHandler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka node in this JVM, broker and KRaft controller together, reachable on loopback only.
 *
 * <p>The folder outlives the broker: a broker started on the same folder has the same topics,
 * records, committed offsets and transactions, on other ports. A folder serves one broker at a
 * time. Several brokers may run at once on different folders, but they share Kafka's JMX meters,
 * which are then of no use.
 *
 * <p>Differences from a broker with Kafka's defaults: every replication factor and minimum of
 * in-sync replicas is 1, internal topics are small, groups form without delay, topics are not
 * created automatically, records are kept for ever, and every record timestamp is accepted, because
 * sample conversations have timestamps in the past and in the future. Limits on record size are
 * Kafka's defaults.
 *
 * <p>Both sockets are bound before Kafka starts and are handed to it, so no other process can take
 * a port in between. For this, and for a fault handler that does not halt the JVM, the node is
 * built from the parts of {@link KafkaRaftServer}. In one case Kafka still halts the JVM: if its
 * folder becomes unusable (deleted, disk full).
 *
 * <p>Thread-safe. No argument or result is null.
 */
public final class EmbeddedBroker implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedBroker.class);

  private static final int NODE_ID = 1;
  private static final String HOST = "127.0.0.1";
  private static final String CLIENT_LISTENER = "PLAINTEXT";
  private static final String CONTROLLER_LISTENER = "CONTROLLER";
  private static final String GUARDED_LISTENER = "GUARDED";
  private static final List<String> LISTENERS = List.of(CLIENT_LISTENER, CONTROLLER_LISTENER);
  private static final List<String> GUARDED_LISTENERS =
      List.of(CLIENT_LISTENER, CONTROLLER_LISTENER, GUARDED_LISTENER);
  private static final int BACKLOG = 50;
  private static final Duration ADMIN_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration CONTROLLED_SHUTDOWN_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(20);

  private final Folder folder;
  private final Sockets sockets;
  private final BrokerServer broker;
  private final ControllerServer controller;
  private final AtomicReference<Throwable> fault = new AtomicReference<>();
  private boolean closed;

  /**
   * Starts a broker and returns when clients can use it. This takes about two seconds in a fresh
   * JVM and a quarter of a second after that; three seconds more if the folder's last broker was
   * killed.
   *
   * @param dir the folder of the topics; created if missing, reused if an earlier broker made it
   * @throws IllegalStateException if the folder is in use, cannot be written or holds other files,
   *     or if Kafka does not start; nothing is left running then
   */
  public static EmbeddedBroker start(Path dir) {
    return start(dir, Map.of());
  }

  /**
   * Starts a broker with a second address, {@link #guardedServers}, at which clients need what a
   * production cluster demands.
   *
   * @param guard the broker's settings for it: {@code security.protocol} of the address, {@code
   *     listener.name.guarded.*}, an authorizer. Clients of the first address have the principal
   *     {@code User:ANONYMOUS}. Empty for no second address
   * @throws IllegalStateException as {@link #start(Path)}
   */
  public static EmbeddedBroker start(Path dir, Map<String, String> guard) {
    Folder folder = Folder.open(dir);
    Sockets sockets = null;
    EmbeddedBroker node = null;
    try {
      folder.format();
      sockets = Sockets.bind(guard.isEmpty() ? LISTENERS : GUARDED_LISTENERS);
      node = new EmbeddedBroker(folder, sockets, guard);
      // The order of KafkaRaftServer: the controller is needed to register the broker.
      node.controller.startup();
      node.broker.startup();
      node.failOnFault();
      return node;
    } catch (Exception e) {
      Throwable cause = node != null && node.fault.get() != null ? node.fault.get() : e;
      if (node != null) {
        node.close();
      } else {
        closeQuietly(sockets);
        folder.close();
      }
      throw new IllegalStateException(
          "embedded broker did not start in " + dir + ": " + cause.getMessage(), e);
    }
  }

  private EmbeddedBroker(Folder folder, Sockets sockets, Map<String, String> guard) {
    this.folder = folder;
    this.sockets = sockets;
    Map<String, String> settings =
        settings(folder.dir, sockets.port(CLIENT_LISTENER), sockets.port(CONTROLLER_LISTENER));
    if (!guard.isEmpty()) {
      guard(settings, sockets.port(GUARDED_LISTENER), guard);
    }
    KafkaConfig config = new KafkaConfig(settings, false);
    var logDirs = KafkaRaftServer.initializeLogDirs(config, log, "[embedded broker] ");
    String clusterId = logDirs._1().clusterId().orElseThrow();
    SharedServer shared =
        new SharedServer(
            config,
            logDirs._1(),
            Time.SYSTEM,
            Server.initializeMetrics(config, Time.SYSTEM, clusterId),
            CompletableFuture.completedFuture(
                QuorumConfig.parseVoterConnections(config.quorumConfig().voters())),
            List.of(),
            this::faultHandler,
            sockets);
    this.broker = new BrokerServer(shared);
    this.controller = new ControllerServer(shared, KafkaRaftServer.configSchema(), logDirs._2());
  }

  /** The address that clients connect to: {@code host:port} on loopback. */
  public String bootstrapServers() {
    return HOST + ":" + sockets.port(CLIENT_LISTENER);
  }

  /**
   * The second address: {@code host:port} on loopback.
   *
   * @throws IllegalStateException if the broker was started without one
   */
  public String guardedServers() {
    if (!sockets.ports.containsKey(GUARDED_LISTENER)) {
      throw new IllegalStateException("the broker must be started with a guard, found none");
    }
    return HOST + ":" + sockets.port(GUARDED_LISTENER);
  }

  /**
   * Creates the topics that do not exist yet. An existing topic is not changed, even if the request
   * differs from it.
   *
   * @throws IllegalStateException if a topic cannot be created within 30 seconds
   */
  public void createTopics(Collection<NewTopic> topics) {
    try (Admin admin =
        Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers()))) {
      Map<String, KafkaFuture<Void>> created = admin.createTopics(topics).values();
      for (var topic : created.entrySet()) {
        try {
          topic.getValue().get(ADMIN_TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
          if (!(e.getCause() instanceof TopicExistsException)) {
            throw notCreated(topic.getKey(), e.getCause());
          }
        } catch (TimeoutException e) {
          throw notCreated(topic.getKey(), e);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw notCreated(topic.getKey(), e);
        }
      }
    }
  }

  private static IllegalStateException notCreated(String topic, Throwable cause) {
    return new IllegalStateException(
        "topic " + topic + " cannot be created: " + cause.getMessage(), cause);
  }

  /**
   * Stops the broker and frees its folder and ports. Takes at most 20 seconds, usually less than
   * one; further calls do nothing. Records, offsets and transactions stay in the folder.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    // Kafka may wait without limit, so it stops on a separate thread.
    Thread stopping = new Thread(this::stop, "embedded-broker-close");
    stopping.setDaemon(true);
    stopping.start();
    try {
      stopping.join(CLOSE_TIMEOUT.toMillis());
      if (stopping.isAlive()) {
        log.warn("embedded broker in {} still stops after {}", folder.dir, CLOSE_TIMEOUT);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void stop() {
    try {
      // The broker stops first, because it hands its partitions over through the controller.
      quietly("broker", () -> broker.shutdown(CONTROLLED_SHUTDOWN_TIMEOUT));
      quietly("controller", controller::shutdown);
    } finally {
      sockets.close();
      folder.close();
    }
  }

  private static void quietly(String part, Runnable shutdown) {
    try {
      shutdown.run();
    } catch (RuntimeException e) {
      log.warn("embedded {} did not stop cleanly: {}", part, e.toString());
    }
  }

  private static void closeQuietly(Sockets sockets) {
    if (sockets != null) {
      sockets.close();
    }
  }

  private FaultHandler faultHandler(String name, boolean fatal, Runnable action) {
    return (message, cause) -> {
      if (fatal) {
        fault.compareAndSet(null, cause == null ? new KafkaException(message) : cause);
      }
      log.error("embedded broker, {}: {}", name, message, cause);
      action.run();
      return new KafkaException(message, cause);
    };
  }

  private void failOnFault() {
    Throwable cause = fault.get();
    if (cause != null) {
      throw new KafkaException(cause);
    }
  }

  private static Map<String, String> settings(Path dir, int clientPort, int controllerPort) {
    Map<String, String> settings = new HashMap<>();
    settings.put("process.roles", "broker,controller");
    settings.put("node.id", Integer.toString(NODE_ID));
    settings.put("controller.quorum.voters", NODE_ID + "@" + HOST + ":" + controllerPort);
    settings.put("controller.listener.names", CONTROLLER_LISTENER);
    settings.put(
        "listeners",
        "%s://%s:%d,%s://%s:%d"
            .formatted(
                CLIENT_LISTENER, HOST, clientPort, CONTROLLER_LISTENER, HOST, controllerPort));
    settings.put("advertised.listeners", CLIENT_LISTENER + "://" + HOST + ":" + clientPort);
    settings.put("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    settings.put("inter.broker.listener.name", CLIENT_LISTENER);
    settings.put("log.dirs", dir.toString());

    settings.put("default.replication.factor", "1");
    settings.put("min.insync.replicas", "1");
    settings.put("offsets.topic.replication.factor", "1");
    settings.put("offsets.topic.num.partitions", "1");
    settings.put("transaction.state.log.replication.factor", "1");
    settings.put("transaction.state.log.min.isr", "1");
    settings.put("transaction.state.log.num.partitions", "1");
    settings.put("share.coordinator.state.topic.replication.factor", "1");
    settings.put("share.coordinator.state.topic.min.isr", "1");
    settings.put("share.coordinator.state.topic.num.partitions", "1");

    // The first member of a group is usually the only one, so it need not wait for others.
    settings.put("group.initial.rebalance.delay.ms", "0");
    settings.put("group.streams.initial.rebalance.delay.ms", "0");
    // A group may set a session timeout below Kafka's minimum of 45 s, so that a crash costs less.
    settings.put("group.streams.min.session.timeout.ms", "1000");
    settings.put("group.streams.min.heartbeat.interval.ms", "100");

    // After a crash the node waits until its last registration has expired: 3 s instead of Kafka's
    // 9.
    settings.put("broker.session.timeout.ms", "3000");
    settings.put("broker.heartbeat.interval.ms", "500");

    // After a crash a new instance waits until the open transaction has timed out and the broker
    // has
    // noticed: it looks every second instead of every ten.
    settings.put("transaction.abort.timed.out.transaction.cleanup.interval.ms", "1000");

    // A misspelt topic must fail and not be created.
    settings.put("auto.create.topics.enable", "false");
    // Retention uses record timestamps, so sample records would be deleted before they were read.
    settings.put("log.retention.ms", "-1");
    settings.put("log.message.timestamp.after.max.ms", Long.toString(Long.MAX_VALUE));

    // For one user on one machine 4 MiB for the log cleaner are enough and save 124 MiB of heap; so
    // are few threads.
    settings.put("log.cleaner.dedupe.buffer.size", "4194304");
    settings.put("num.network.threads", "2");
    settings.put("num.io.threads", "4");
    settings.put("background.threads", "2");
    settings.put("group.coordinator.threads", "1");
    settings.put("share.coordinator.threads", "1");
    // Two brokers in one JVM would fight for the same JMX names.
    settings.put("metric.reporters", "");
    return settings;
  }

  private static void guard(Map<String, String> settings, int port, Map<String, String> guard) {
    String address = ",%s://%s:%d".formatted(GUARDED_LISTENER, HOST, port);
    settings.merge("listeners", address, String::concat);
    settings.merge("advertised.listeners", address, String::concat);
    Map<String, String> more = new HashMap<>(guard);
    String protocol = more.remove("security.protocol");
    settings.merge(
        "listener.security.protocol.map", "," + GUARDED_LISTENER + ":" + protocol, String::concat);
    settings.putAll(more);
  }

  /**
   * The folder and a lock on it. The lock file also marks the folder as ours, so it stays after the
   * lock is released. Kafka has a lock too, but takes it only after the folder is formatted.
   */
  private static final class Folder implements AutoCloseable {
    private static final String LOCK_FILE = "embedded-broker.lock";

    // A file lock belongs to the JVM: closing a second channel of the file would release it.
    private static final Set<Path> openHere = ConcurrentHashMap.newKeySet();

    private final Path dir;
    private final FileChannel lock;

    private Folder(Path dir, FileChannel lock) {
      this.dir = dir;
      this.lock = lock;
    }

    static Folder open(Path requested) {
      Path dir = create(requested);
      if (!openHere.add(dir)) {
        throw inUse(dir);
      }
      FileChannel lock = null;
      try {
        Path lockFile = dir.resolve(LOCK_FILE);
        if (!Files.exists(lockFile) && !isEmpty(dir)) {
          throw new IllegalStateException(
              "broker folder "
                  + dir
                  + " must be empty or made by a broker, found other files in it");
        }
        lock = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        if (lock.tryLock() == null) {
          throw inUse(dir);
        }
        return new Folder(dir, lock);
      } catch (IOException | RuntimeException e) {
        close(lock);
        openHere.remove(dir);
        throw e instanceof IllegalStateException known ? known : notWritable(dir, e);
      }
    }

    private static Path create(Path requested) {
      try {
        return Files.createDirectories(requested).toRealPath();
      } catch (IOException e) {
        throw notWritable(requested, e);
      }
    }

    private static boolean isEmpty(Path dir) throws IOException {
      try (Stream<Path> entries = Files.list(dir)) {
        return entries.findAny().isEmpty();
      }
    }

    private static IllegalStateException inUse(Path dir) {
      return new IllegalStateException(
          "broker folder "
              + dir
              + " is in use by another broker: stop it or choose another folder");
    }

    private static IllegalStateException notWritable(Path dir, Exception cause) {
      return new IllegalStateException(
          "broker folder " + dir + " cannot be written: " + cause.getClass().getSimpleName(),
          cause);
    }

    /**
     * Formats the folder as a Kafka log directory unless it is one, with the features of {@link
     * Feature#PRODUCTION_FEATURES}.
     */
    void format() throws Exception {
      if (Files.exists(dir.resolve("meta.properties"))) {
        return;
      }
      new Formatter()
          .setNodeId(NODE_ID)
          .setClusterId(Uuid.randomUuid().toString())
          .setDirectories(List.of(dir.toString()))
          .setMetadataLogDirectory(dir.toString())
          .setControllerListenerName(CONTROLLER_LISTENER)
          .setSupportedFeatures(Feature.PRODUCTION_FEATURES)
          .setPrintStream(
              new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8))
          .run();
    }

    @Override
    public void close() {
      close(lock);
      openHere.remove(dir);
    }

    private static void close(FileChannel lock) {
      try {
        if (lock != null) {
          lock.close();
        }
      } catch (IOException e) {
        log.warn("broker lock not released: {}", e.toString());
      }
    }
  }

  /**
   * The listening sockets. They are bound to free ports first and given to Kafka when it asks for
   * them.
   */
  private static final class Sockets implements ServerSocketFactory, AutoCloseable {
    private final Map<Integer, ServerSocketChannel> waiting = new ConcurrentHashMap<>();
    private final Map<String, Integer> ports = new HashMap<>();

    static Sockets bind(List<String> listeners) throws IOException {
      Sockets sockets = new Sockets();
      try {
        for (String listener : listeners) {
          sockets.ports.put(listener, sockets.bindOne());
        }
        return sockets;
      } catch (IOException e) {
        sockets.close();
        throw e;
      }
    }

    private int bindOne() throws IOException {
      ServerSocketChannel channel = ServerSocketChannel.open();
      try {
        channel.configureBlocking(false);
        channel.bind(new InetSocketAddress(HOST, 0), BACKLOG);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
      int port = channel.socket().getLocalPort();
      waiting.put(port, channel);
      return port;
    }

    int port(String listener) {
      return ports.get(listener);
    }

    @Override
    public ServerSocketChannel openServerSocket(
        String listenerName, InetSocketAddress address, int backlog, int receiveBufferBytes)
        throws IOException {
      ServerSocketChannel channel = waiting.remove(address.getPort());
      if (channel == null) {
        throw new IOException(
            "listener " + listenerName + " must be opened once, found a second request");
      }
      return channel;
    }

    /** Closes the sockets that Kafka has not asked for; Kafka closes the others. */
    @Override
    public void close() {
      List<ServerSocketChannel> left = new ArrayList<>(waiting.values());
      waiting.clear();
      for (ServerSocketChannel channel : left) {
        try {
          channel.close();
        } catch (IOException e) {
          log.warn("socket not closed: {}", e.toString());
        }
      }
    }
  }
}
