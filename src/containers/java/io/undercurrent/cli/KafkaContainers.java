package io.undercurrent.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.TopicPartitionInfo;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.lifecycle.Startables;
import org.testcontainers.utility.DockerImageName;

/**
 * A KRaft cluster of {@code apache/kafka} containers; each node is broker and controller. {@code
 * -Dkafka.image} names another image with the same layout. Nodes are numbered from 0.
 */
final class KafkaContainers implements AutoCloseable {

  private static final DockerImageName IMAGE =
      DockerImageName.parse(System.getProperty("kafka.image", "apache/kafka:4.4.0"));
  private static final int STOP_SECONDS = 60;

  private final Network network;
  private final List<GenericContainer<?>> nodes = new ArrayList<>();
  private final int[] ports; // of each node: outside, inside, controller

  private KafkaContainers(int count) throws IOException {
    network = Docker.network();
    ports = Docker.freePorts(3 * count);
    for (int node = 0; node < count; node++) {
      nodes.add(node(node, count));
    }
  }

  /** Starts all nodes. Each topic has a replica on every node, and one replica may be missing. */
  static KafkaContainers start(int count) throws IOException {
    KafkaContainers kafka = new KafkaContainers(count);
    try {
      Startables.deepStart(kafka.nodes).join();
      return kafka;
    } catch (RuntimeException e) {
      kafka.close();
      throw e;
    }
  }

  private GenericContainer<?> node(int node, int count) {
    GenericContainer<?> container = new GenericContainer<>(IMAGE);
    Docker.connect(container, network, name(node));
    Docker.publish(container, ports[3 * node]);
    String host = Docker.ON_HOST ? "127.0.0.1" : ""; // empty: all addresses
    String replicas = Integer.toString(count);
    String inSync = Integer.toString(Math.max(1, count - 1));
    return container
        .withEnv("KAFKA_NODE_ID", Integer.toString(node + 1))
        .withEnv("KAFKA_PROCESS_ROLES", "broker,controller")
        .withEnv("KAFKA_CONTROLLER_QUORUM_VOTERS", voters(count))
        .withEnv("KAFKA_CONTROLLER_LISTENER_NAMES", "CONTROLLER")
        .withEnv("KAFKA_INTER_BROKER_LISTENER_NAME", "INSIDE")
        .withEnv(
            "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP",
            "OUTSIDE:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT")
        .withEnv(
            "KAFKA_LISTENERS",
            "OUTSIDE://%1$s:%2$d,INSIDE://%1$s:%3$d,CONTROLLER://%1$s:%4$d"
                .formatted(host, ports[3 * node], ports[3 * node + 1], ports[3 * node + 2]))
        .withEnv(
            "KAFKA_ADVERTISED_LISTENERS",
            "OUTSIDE://%s,INSIDE://%s".formatted(outside(node), inside(node)))
        .withEnv("KAFKA_DEFAULT_REPLICATION_FACTOR", replicas)
        .withEnv("KAFKA_MIN_INSYNC_REPLICAS", inSync)
        .withEnv("KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR", replicas)
        .withEnv("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", replicas)
        .withEnv("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", inSync)
        .withEnv("KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS", "4")
        .withEnv("KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS", "4")
        .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
        .withEnv("KAFKA_HEAP_OPTS", "-Xmx384m")
        .waitingFor(
            Wait.forLogMessage(".*Kafka Server started.*", 1)
                .withStartupTimeout(Duration.ofMinutes(3)));
  }

  private String voters(int count) {
    return IntStream.range(0, count)
        .mapToObj(n -> "%d@%s:%d".formatted(n + 1, name(n), ports[3 * n + 2]))
        .collect(Collectors.joining(","));
  }

  private static String name(int node) {
    return Docker.ON_HOST ? "127.0.0.1" : "kafka-" + (node + 1);
  }

  private String outside(int node) {
    return Docker.host() + ":" + ports[3 * node];
  }

  private String inside(int node) {
    return name(node) + ":" + ports[3 * node + 1];
  }

  /** The bootstrap servers for this process. */
  String bootstrapServers() {
    return IntStream.range(0, nodes.size())
        .mapToObj(this::outside)
        .collect(Collectors.joining(","));
  }

  /** The bootstrap servers for other containers in the network. */
  String insideServers() {
    return IntStream.range(0, nodes.size()).mapToObj(this::inside).collect(Collectors.joining(","));
  }

  /** The network; null for the host's. */
  Network network() {
    return network;
  }

  /** Pauses a node: it stops answering but closes no connection, as if its cable were pulled. */
  void pause(int node) {
    Docker.client().pauseContainerCmd(nodes.get(node).getContainerId()).exec();
  }

  void unpause(int node) {
    Docker.client().unpauseContainerCmd(nodes.get(node).getContainerId()).exec();
  }

  /** Stops a node in the regular way and starts it again with the same data. */
  void restart(int node) {
    String id = nodes.get(node).getContainerId();
    Docker.client().stopContainerCmd(id).withTimeout(STOP_SECONDS).exec();
    Docker.client().startContainerCmd(id).exec();
  }

  /** Waits until all replicas of all topics are in sync, so that the next node may be stopped. */
  void awaitInSync() throws InterruptedException {
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrapServers()))) {
      Docker.await("all replicas in sync", () -> areInSync(admin));
    }
  }

  private boolean areInSync(Admin admin) throws ExecutionException, InterruptedException {
    Set<String> topics = admin.listTopics(new ListTopicsOptions().listInternal(true)).names().get();
    List<String> behind = new ArrayList<>();
    for (TopicDescription topic : admin.describeTopics(topics).allTopicNames().get().values()) {
      for (TopicPartitionInfo partition : topic.partitions()) {
        if (partition.isr().size() < nodes.size()) {
          behind.add(topic.name() + " " + partition);
        }
      }
    }
    if (!behind.isEmpty()) {
      throw new IllegalStateException("replicas are missing: " + behind);
    }
    return admin.describeCluster().nodes().get().size() == nodes.size();
  }

  @Override
  public void close() {
    nodes.forEach(GenericContainer::stop);
    if (network != null) {
      network.close();
    }
  }
}
