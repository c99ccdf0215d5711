package io.undercurrent.measure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.ListConsumerGroupOffsetsSpec;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A broker in its own JVM, with the requests that measurements make. Not thread-safe. Failed
 * requests throw {@link MeasureException}.
 */
public final class Cluster implements AutoCloseable {

  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  private final Class<?> main;
  private final ChildJvm broker;
  private final String bootstrapServers;
  private final Admin admin;

  /**
   * Starts the broker and waits until it is ready.
   *
   * @param main the class whose {@code main} runs the commands {@code bench-broker} and {@code
   *     bench-app}
   * @param folder an empty folder for topics and the broker's log
   */
  public Cluster(Class<?> main, Path folder) throws InterruptedException {
    this.main = main;
    broker =
        child(
            folder.resolve("broker.log"),
            List.of("bench-broker", folder.resolve("broker").toString()));
    try {
      bootstrapServers = broker.awaitReady(START_TIMEOUT);
    } catch (RuntimeException | InterruptedException e) {
      broker.close();
      throw e;
    }
    admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers));
  }

  /** Starts a command of this program in its own JVM. */
  ChildJvm child(Path log, List<String> arguments) {
    return new ChildJvm(main, log, arguments);
  }

  String bootstrapServers() {
    return bootstrapServers;
  }

  void createTopic(String topic, int partitions) throws InterruptedException {
    get(
        "topic " + topic,
        admin
            .createTopics(
                List.of(
                    new NewTopic(topic, partitions, (short) 1)
                        .configs(Map.of(TopicConfig.MAX_MESSAGE_BYTES_CONFIG, "8388608"))))
            .all());
  }

  /** One record to write. */
  record Input(byte[] key, byte[] value) {}

  /** Gives the i-th record of a topic. */
  interface Inputs {
    Input at(long i);
  }

  /** Writes {@code count} records and waits until the broker has all of them. */
  void fill(String topic, long count, Inputs inputs) throws InterruptedException {
    AtomicReference<Exception> failure = new AtomicReference<>();
    try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
      for (long i = 0; i < count && failure.get() == null; i++) {
        Input input = inputs.at(i);
        producer.send(
            new ProducerRecord<>(topic, input.key, input.value),
            (metadata, e) -> failure.compareAndSet(null, e));
      }
    }
    if (failure.get() != null) {
      throw new MeasureException(
          "topic " + topic + " cannot be filled: " + failure.get().getMessage(), failure.get());
    }
  }

  KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
    Map<String, Object> config = new HashMap<>(more);
    config.put(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrapServers);
    return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * How many records of a topic a group has committed. It is the sum of committed offsets, which
   * equals the number of records if no transaction wrote to the topic.
   */
  long committed(String group, String topic) throws InterruptedException {
    Map<TopicPartition, OffsetAndMetadata> offsets =
        get(
            "offsets of " + group,
            admin
                .listConsumerGroupOffsets(Map.of(group, new ListConsumerGroupOffsetsSpec()))
                .partitionsToOffsetAndMetadata(group));
    return offsets.entrySet().stream()
        .filter(e -> e.getKey().topic().equals(topic) && e.getValue() != null)
        .mapToLong(e -> e.getValue().offset())
        .sum();
  }

  /** The sum of the end offsets of a topic's partitions. */
  long end(String topic) throws InterruptedException {
    int partitions =
        get("topic " + topic, admin.describeTopics(List.of(topic)).allTopicNames())
            .get(topic)
            .partitions()
            .size();
    Map<TopicPartition, OffsetSpec> asked = new HashMap<>();
    for (int p = 0; p < partitions; p++) {
      asked.put(new TopicPartition(topic, p), OffsetSpec.latest());
    }
    return get("end of " + topic, admin.listOffsets(asked).all()).values().stream()
        .mapToLong(info -> info.offset())
        .sum();
  }

  /**
   * The size of an application's changelogs on disk, in bytes, including the overhead of Kafka's
   * batches.
   */
  long changelogBytes(String application) throws InterruptedException {
    List<Integer> brokers =
        get("brokers", admin.describeCluster().nodes()).stream().map(Node::id).toList();
    return get("sizes of topics", admin.describeLogDirs(brokers).allDescriptions())
        .values()
        .stream()
        .flatMap(folders -> folders.values().stream())
        .flatMap(folder -> folder.replicaInfos().entrySet().stream())
        .filter(e -> e.getKey().topic().startsWith(application + "-"))
        .filter(e -> e.getKey().topic().endsWith("-changelog"))
        .mapToLong(e -> e.getValue().size())
        .sum();
  }

  private static <T> T get(String what, KafkaFuture<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      throw new MeasureException(what + ": " + e.getCause().getMessage(), e.getCause());
    }
  }

  @Override
  public void close() {
    admin.close(Duration.ofSeconds(5));
    broker.close();
  }
}
