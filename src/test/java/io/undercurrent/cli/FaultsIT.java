package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.undercurrent.broker.EmbeddedBroker;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What {@code run} does when it is used up or locked out. All apps run at once on one broker, each
 * with topics of its own. The seconds until each said so are written to {@code target/faults.txt},
 * from which the table in {@code docs/faults.md} has its figures.
 */
@Timeout(360)
class FaultsIT {

  private static final Duration PATIENCE = Duration.ofSeconds(180);

  /** Within this time a fault must be reported. */
  private static final Duration SAID = Duration.ofSeconds(30);

  private static final String LOGIN =
      "org.apache.kafka.common.security.plain.PlainLoginModule required ";

  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @TempDir private static Path folder;
  private static Path model;
  private static EmbeddedBroker broker;
  private static KafkaProducer<byte[], byte[]> producer;
  private static Admin admin;
  private static Path disk; // null where none can be mounted
  private static final List<App> APPS = new ArrayList<>();

  private static App reader;
  private static App writer;
  private static App changelog;
  private static App letters;
  private static App repartition;
  private static App full;
  private static App files;

  /** An app in its own process. */
  private record App(String name, Child child) {

    /** Any free one, as it says itself: one that was chosen before could be taken by then. */
    int port() throws Exception {
      String address = child.awaitLine("running: ", PATIENCE).replaceAll(".*, metrics at ", "");
      return URI.create(address).getPort();
    }
  }

  @BeforeAll
  static void start() throws Exception {
    model = SmallModel.write(folder.resolve("model"));
    broker =
        EmbeddedBroker.start(
            folder.resolve("broker"),
            Map.of(
                "security.protocol", "SASL_PLAINTEXT",
                "listener.name.guarded.sasl.enabled.mechanisms", "PLAIN",
                "listener.name.guarded.plain.sasl.jaas.config",
                    LOGIN + "user_reader=\"password\" user_writer=\"password\";",
                "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users", "User:ANONYMOUS",
                "allow.everyone.if.no.acl.found", "true"));
    admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrapServers()),
            new ByteArraySerializer(),
            new ByteArraySerializer());
    disk = mount(folder.resolve("disk"));
    reader = run("reader", List.of(), guarded("reader"));
    writer = run("writer", List.of(), guarded("writer"));
    changelog = run("changelog", List.of());
    letters = run("letters", List.of());
    repartition = run("repartition", List.of());
    files = run("files", List.of());
    if (disk != null) {
      full = run("full", List.of(), "state.dir=" + disk);
    }
    for (App app : APPS) {
      app.child.awaitLine("running: ", PATIENCE);
      send(app, 1);
    }
  }

  @AfterAll
  static void stop() throws Exception {
    APPS.forEach(app -> app.child.close());
    producer.close(Duration.ZERO);
    admin.close(Duration.ZERO);
    broker.close();
    if (disk != null) {
      for (App app : APPS) {
        app.child.kill();
      }
      new ProcessBuilder("umount", disk.toString()).start().waitFor();
    }
  }

  /** A file system of 24 MB; null where the user may not mount one. */
  private static Path mount(Path at) throws Exception {
    Files.createDirectories(at);
    try {
      int exit =
          new ProcessBuilder("mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", at.toString())
              .start()
              .waitFor();
      return exit == 0 ? at : null;
    } catch (IOException e) {
      return null;
    }
  }

  private static String[] guarded(String user) {
    return new String[] {
      "bootstrap.servers=" + broker.guardedServers(),
      "security.protocol=SASL_PLAINTEXT",
      "sasl.mechanism=PLAIN",
      "sasl.jaas.config=" + LOGIN + "username=\"" + user + "\" password=\"password\";"
    };
  }

  private static App run(String name, List<String> topology, String... settings)
      throws IOException {
    boolean json = name.equals("repartition");
    Path definition =
        Files.writeString(
            folder.resolve(name + ".yaml"),
            String.join(
                "\n",
                "name: " + name,
                json
                    ? "source: {topics: [repartition-in], value: json, text: /text, key: /key}"
                    : "source: {topics: [" + name + "-in], value: text, key: record}",
                "model: " + model,
                "next: 3",
                "store: hidden-state",
                "sinks: {enriched: " + name + "-out, deadLetters: " + name + "-dead}"));
    Map<String, String> all = new java.util.TreeMap<>();
    for (String setting :
        List.of(
            "bootstrap.servers=" + broker.bootstrapServers(),
            "application.id=" + name,
            "state.dir=" + folder.resolve(name + "-state"),
            "undercurrent.topics.partitions=1",
            "undercurrent.http.port=0")) {
      all.put(setting.split("=", 2)[0], setting.split("=", 2)[1]);
    }
    for (String setting : settings) {
      all.put(setting.split("=", 2)[0], setting.split("=", 2)[1]);
    }
    Path config =
        Files.write(
            folder.resolve(name + ".properties"),
            all.entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).toList());
    String[] arguments = {
      "run", "--topology", definition.toString(), "--create-topics", "--config", config.toString()
    };
    Child child =
        name.equals("files")
            ? Child.startWithFiles(folder, 260, arguments)
            : Child.start(folder, arguments);
    App app = new App(name, child);
    APPS.add(app);
    return app;
  }

  @Test
  void shouldEndWhenItMayNoLongerRead() throws Exception {
    deny("User:reader", "reader-in", AclOperation.READ);
    shouldEnd(
        reader,
        System.nanoTime(),
        "TopicAuthorizationException: Not authorized to access topics: [reader-in]");
  }

  @Test
  void shouldEndWhenItMayNoLongerWrite() throws Exception {
    deny("User:writer", "writer-out", AclOperation.WRITE);
    send(writer, 3);
    shouldEnd(
        writer,
        System.nanoTime(),
        "TopicAuthorizationException: Not authorized to access topics: [writer-out]");
  }

  @Test
  void shouldSayThatAChangelogIsGone() throws Exception {
    shouldSayThatATopicIsGone(changelog, "changelog-hidden-state-changelog");
  }

  @Test
  void shouldSayThatTheTopicOfDeadLettersIsGone() throws Exception {
    shouldSayThatATopicIsGone(letters, "letters-dead");
  }

  @Test
  void shouldSayThatARepartitionTopicWasCreatedAgain() throws Exception {
    String topic =
        admin.listTopics().names().get().stream()
            .filter(name -> name.endsWith("-repartition"))
            .findFirst()
            .orElseThrow();
    long start = System.nanoTime();
    admin.deleteTopics(List.of(topic)).all().get();
    await(
        topic,
        SAID,
        () ->
            repartition.child.err().contains("topic " + topic + " was deleted and created again"));
    note("deleted: " + topic, start, repartition);
    send(repartition, 3);
    await("ready", SAID, () -> ready(repartition).contains("UP"));
  }

  @Test
  void shouldEndWhenTheDiskOfItsStatesIsFull() throws Exception {
    assumeTrue(full != null, "a file system can be mounted");
    fill(disk.resolve("other-file"));
    shouldEndUnderLoad(full, "No space left on device; make space on the disk of state.dir");
  }

  /** Its connections take what is left. */
  @Test
  void shouldSayThatItMayOpenNoMoreFilesAndGoOn() throws Exception {
    long start = System.nanoTime();
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 150; i++) {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.connect(new InetSocketAddress("127.0.0.1", files.port()), 500);
      }
    } catch (IOException e) {
      // The rest would wait.
    }
    try {
      await("said", SAID, () -> files.child.err().contains("IOException: Too many open files"));
      note("too many open files", start, files);
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
    await("ready", SAID, () -> ready(files).contains("UP"));
  }

  /** Sends records of new keys, so that RocksDB writes files. */
  private static void shouldEndUnderLoad(App app, String why) throws Exception {
    long start = System.nanoTime();
    for (int i = 0; app.child.isAlive() && System.nanoTime() - start < SAID.toNanos(); i++) {
      for (int key = 0; key < 2000; key++) {
        producer.send(record(app.name + "-in", "key-" + i + "-" + key));
      }
      producer.flush();
      Thread.sleep(200);
    }
    shouldEnd(app, start, why);
  }

  private static void fill(Path file) throws IOException {
    byte[] block = new byte[1 << 16];
    try {
      while (true) {
        Files.write(file, block, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      }
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("No space left");
    }
  }

  private static void shouldSayThatATopicIsGone(App app, String topic) throws Exception {
    long start = System.nanoTime();
    admin.deleteTopics(List.of(topic)).all().get();
    send(app, 3);
    await(topic, SAID, () -> ready(app).contains("topic " + topic + " does not exist any more"));
    note("deleted: " + topic, start, app);
    assertThat(app.child.isAlive()).isTrue();
  }

  private static void shouldEnd(App app, long start, String why) throws Exception {
    int code = app.child.exitCode(PATIENCE);
    note(why, start, app);
    assertThat(code).as(app.child.err()).isEqualTo(1);
    assertThat(app.child.err().lines().filter(line -> line.startsWith("error: ")))
        .singleElement()
        .asString()
        .contains(why);
    assertThat(app.child.err()).doesNotContain("\tat ");
  }

  private static void deny(String user, String topic, AclOperation operation) throws Exception {
    admin
        .createAcls(
            List.of(
                new AclBinding(
                    new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
                    new AccessControlEntry(user, "*", operation, AclPermissionType.DENY))))
        .all()
        .get();
  }

  private static void note(String fault, long startNanos, App app) throws IOException {
    String line =
        "%s: %.1f s%n%s%s%n"
            .formatted(
                fault, (System.nanoTime() - startNanos) / 1e9, app.child.err(), app.child.out());
    Files.writeString(
        Path.of("target", "faults.txt"),
        line,
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  private static void send(App app, int count) {
    for (int i = 0; i < count; i++) {
      producer.send(record(app.name + "-in", "k" + i));
    }
    if (app == letters) {
      producer.send(new ProducerRecord<>(app.name + "-in", null, new byte[] {'x'}));
    }
    producer.flush();
  }

  private static ProducerRecord<byte[], byte[]> record(String topic, String key) {
    String value =
        topic.startsWith("repartition") ? "{\"key\":\"" + key + "\",\"text\":\"late\"}" : "late";
    return new ProducerRecord<>(
        topic, key.getBytes(StandardCharsets.UTF_8), value.getBytes(StandardCharsets.UTF_8));
  }

  private static String ready(App app) throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + app.port() + "/health/ready");
    return CLIENT
        .send(
            HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build(),
            BodyHandlers.ofString())
        .body();
  }

  private static void await(String what, Duration patience, Callable<Boolean> condition)
      throws Exception {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      Thread.sleep(100);
    }
  }
}
