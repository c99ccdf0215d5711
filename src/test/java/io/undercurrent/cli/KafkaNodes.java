package io.undercurrent.cli;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.Uuid;

/**
 * Kafka nodes on loopback, each a broker and a KRaft controller in a process of its own. They can
 * be killed, and started again with their folder and ports. With three nodes, topics have three
 * replicas, two of which must be in sync. Not thread-safe.
 */
final class KafkaNodes implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final int SESSION_MS = 6_000;

  private final Path folder;
  private final String classPath;
  private final List<Integer> clientPorts = new ArrayList<>();
  private final List<Integer> controllerPorts = new ArrayList<>();
  private final Process[] processes;

  /** How long a node must be stopped until the others have noticed. */
  static final int NOTICED_MS = SESSION_MS + 2_000;

  /**
   * Starts the nodes and waits until all are in sync.
   *
   * @param jars a folder with the jars of another version of Kafka's brokers; null for this one
   */
  static KafkaNodes start(Path folder, int count, Path jars) throws Exception {
    KafkaNodes nodes = new KafkaNodes(folder, count, jars);
    try {
      nodes.format();
      for (int i = 0; i < count; i++) {
        nodes.start(i);
      }
      nodes.awaitAllInSync();
      return nodes;
    } catch (Exception | AssertionError e) {
      nodes.close();
      throw e;
    }
  }

  private KafkaNodes(Path folder, int count, Path jars) {
    this.folder = folder;
    processes = new Process[count];
    String own = System.getProperty("java.class.path");
    classPath =
        jars == null
            ? own
            : Stream.concat(
                    Stream.of(jars + "/*"),
                    Stream.of(own.split(":")).filter(e -> !e.matches(".*/kafka[^/]*\\.jar")))
                .collect(Collectors.joining(":"));
    for (int i = 0; i < count; i++) {
      clientPorts.add(freePort());
      controllerPorts.add(freePort());
    }
  }

  /**
   * A port that nobody listens to. It is below the ports that systems give to connections, so it
   * stays free while a killed process is away.
   */
  static int freePort() {
    while (true) {
      int port = ThreadLocalRandom.current().nextInt(20_000, 32_000);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException e) {
        // taken: try another
      }
    }
  }

  int count() {
    return processes.length;
  }

  String bootstrapServers() {
    return clientPorts.stream().map(port -> "127.0.0.1:" + port).collect(Collectors.joining(","));
  }

  private void format() throws Exception {
    String cluster = Uuid.randomUuid().toString();
    List<Process> formatting = new ArrayList<>();
    for (int i = 0; i < count(); i++) {
      Path settings = settings(i);
      formatting.add(
          java(i, "kafka.tools.StorageTool", "format", "-t", cluster, "-c", settings.toString()));
    }
    for (Process process : formatting) {
      if (process.waitFor() != 0) {
        throw new AssertionError("a broker's folder must be formatted, see " + folder);
      }
    }
  }

  private Path settings(int i) throws IOException {
    int replicas = count() < 3 ? 1 : 3;
    int inSync = replicas == 3 ? 2 : 1;
    String voters =
        IntStream.range(0, count())
            .mapToObj(n -> "%d@127.0.0.1:%d".formatted(n + 1, controllerPorts.get(n)))
            .collect(Collectors.joining(","));
    return Files.writeString(
        Files.createDirectories(folder).resolve("node-" + i + ".properties"),
        String.join(
            "\n",
            "process.roles=broker,controller",
            "node.id=" + (i + 1),
            "controller.quorum.voters=" + voters,
            "controller.listener.names=CONTROLLER",
            "listeners=PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d"
                .formatted(clientPorts.get(i), controllerPorts.get(i)),
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name=PLAINTEXT",
            "log.dirs=" + folder.resolve("node-" + i),
            "default.replication.factor=" + replicas,
            "min.insync.replicas=" + inSync,
            "offsets.topic.replication.factor=" + replicas,
            "offsets.topic.num.partitions=3",
            "transaction.state.log.replication.factor=" + replicas,
            "transaction.state.log.min.isr=" + inSync,
            "transaction.state.log.num.partitions=3",
            "group.initial.rebalance.delay.ms=0",
            "group.streams.initial.rebalance.delay.ms=0",
            "group.streams.min.session.timeout.ms=1000",
            "group.streams.min.heartbeat.interval.ms=100",
            "broker.session.timeout.ms=" + SESSION_MS,
            "broker.heartbeat.interval.ms=1000",
            "transaction.abort.timed.out.transaction.cleanup.interval.ms=1000",
            "auto.create.topics.enable=false",
            "log.retention.ms=-1",
            "log.cleaner.dedupe.buffer.size=4194304",
            "num.network.threads=2",
            "num.io.threads=4",
            "background.threads=2"));
  }

  void start(int i) throws IOException {
    processes[i] = java(i, "kafka.Kafka", folder.resolve("node-" + i + ".properties").toString());
  }

  private Process java(int i, String... command) throws IOException {
    List<String> all =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                classPath));
    all.addAll(List.of(command));
    Path log = folder.resolve("node-" + i + ".log");
    return new ProcessBuilder(all)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
        .start();
  }

  /** Sends SIGKILL. */
  void kill(int i) throws InterruptedException {
    processes[i].destroyForcibly().waitFor();
  }

  /** Sends SIGTERM and waits for the end, half a minute at most. */
  void terminate(int i) throws InterruptedException {
    processes[i].destroy();
    if (!processes[i].waitFor(30, TimeUnit.SECONDS)) {
      kill(i);
    }
  }

  /** Sends SIGSTOP or SIGCONT. */
  void signal(int i, String name) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(processes[i].pid())).start().waitFor();
  }

  /** Waits until all nodes are there and all replicas of all partitions are in sync. */
  void awaitAllInSync() throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try (Admin admin =
        Admin.create(Map.of("bootstrap.servers", bootstrapServers(), "retry.backoff.ms", 100))) {
      while (!isAllInSync(admin)) {
        if (System.nanoTime() > deadline) {
          throw new AssertionError("all replicas must be in sync within " + PATIENCE);
        }
        Thread.sleep(200);
      }
    }
  }

  private boolean isAllInSync(Admin admin) throws InterruptedException {
    for (Process process : processes) {
      if (!process.isAlive()) {
        throw new AssertionError("a broker has ended by itself, see " + folder);
      }
    }
    try {
      if (admin.describeCluster().nodes().get().size() < count()) {
        return false;
      }
      var topics = admin.describeTopics(admin.listTopics().names().get()).allTopicNames().get();
      return topics.values().stream()
          .flatMap(topic -> topic.partitions().stream())
          .allMatch(p -> p.leader() != null && p.isr().size() == p.replicas().size());
    } catch (ExecutionException e) {
      return false; // a broker is not there yet
    }
  }

  @Override
  public void close() {
    for (Process process : processes) {
      if (process != null) {
        process.destroyForcibly();
      }
    }
  }
}
