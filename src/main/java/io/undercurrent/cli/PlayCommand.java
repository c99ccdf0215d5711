package io.undercurrent.cli;

import io.undercurrent.app.AdminRequests;
import io.undercurrent.app.AppException;
import io.undercurrent.app.Topics;
import io.undercurrent.measure.Pace;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.StreamsConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * {@code play}: sends the messages of {@code demo}, or of a file, to a cluster at a steady rate.
 */
@Command(
    name = "play",
    description = {
      "Send messages to a topic of a Kafka cluster, at a steady rate.",
      "",
      "Sends the demo's messages, or those of --input, once or with --repeat until it is stopped."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent play --bootstrap-server localhost:9092 --repeat",
      "  ./undercurrent play --topic support --input messages.jsonl --rate 50",
      "",
      "Each line of the input is a JSON object {\"key\": ..., \"text\": ...}, or plain text. Plain lines"
          + " all have the file's name as their key."
    })
final class PlayCommand extends ConnectionOptions implements Callable<Integer> {

  private static final String CLIENT_ID = "undercurrent-play";
  private static final double OWN_RATE = 15;
  private static final Duration CLOSE_TIMEOUT =
      Duration.ofMinutes(2); // as Kafka's delivery.timeout.ms
  private static final Duration INTERRUPTED_CLOSE_TIMEOUT = Duration.ofSeconds(30);

  @Option(
      names = "--topic",
      paramLabel = "TOPIC",
      defaultValue = "messages",
      description = "Topic to write; it must exist (default: ${DEFAULT-VALUE}).")
  private String topic;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      description = "Messages to send, JSON lines or plain lines (default: the demo's messages).")
  private Path input;

  @Option(
      names = "--rate",
      paramLabel = "N",
      description =
          "Messages a second (default: 15 for the demo's messages, no limit with --input).")
  private Double rate;

  @Option(
      names = "--repeat",
      description = "Start again after the last message, until it is stopped.")
  private boolean repeat;

  @Option(names = "--records", paramLabel = "N", description = "End after N messages.")
  private Long records;

  @Option(
      names = "--for",
      paramLabel = "TIME",
      description = "End after this time, for example 30s or 2m.",
      converter = DemoCommand.DurationConverter.class)
  private Duration time;

  @Spec private CommandSpec spec;

  private String servers;
  private Duration kept; // how long the topic keeps records; null for ever
  private long old; // messages that are older than that
  private boolean failing; // the last message was refused
  private long refused;
  private String reason; // why the first message was refused

  @Override
  public Integer call() throws IOException, InterruptedException {
    check(rate == null || rate > 0, "--rate must be more than 0");
    check(records == null || records > 0, "--records must be more than 0");
    PlayedMessages messages = input == null ? PlayedMessages.own() : PlayedMessages.of(input);
    check(messages.count() > 0, "--input must have at least one line, found none in " + input);
    long once = repeat ? Long.MAX_VALUE : messages.count();
    long count = records == null ? once : Math.min(records, once);
    double perSecond = rate != null ? rate : input == null ? OWN_RATE : Double.POSITIVE_INFINITY;

    StreamsConfig streams = toProduce();
    servers = AdminRequests.bootstrapServers(streams);
    checkTopic(streams);
    Stop.by(() -> {}); // a signal lets the messages in flight arrive
    send(streams, messages, count, perSecond, Stop::requested);
    return 0;
  }

  private void checkTopic(StreamsConfig streams) {
    try (Admin admin = Admin.create(streams.getAdminConfigs(CLIENT_ID))) {
      AdminRequests.describe(admin, topic, servers);
      kept = Topics.retention(admin, topic, servers).orElse(null);
    } catch (KafkaException e) {
      throw AdminRequests.connectionFailed(servers, e);
    }
  }

  private void send(
      StreamsConfig streams,
      PlayedMessages messages,
      long count,
      double perSecond,
      BooleanSupplier interrupted)
      throws IOException, InterruptedException {
    long startNanos = System.nanoTime();
    long deadline = time == null ? Long.MAX_VALUE : startNanos + time.toNanos();
    BooleanSupplier shouldContinue =
        () -> !interrupted.getAsBoolean() && System.nanoTime() < deadline;
    out()
        .printf(
            "sending %s to %s on %s%n",
            count == Long.MAX_VALUE ? "messages over and over" : "%,d messages".formatted(count),
            topic,
            servers);
    out().flush();
    long sent = 0;
    KafkaProducer<byte[], byte[]> producer = producer(streams);
    PlayedMessages.Reader reader = messages.open();
    try {
      Pace pace = new Pace(perSecond);
      while (sent < count && pace.await(sent, shouldContinue)) {
        if (sent > 0 && sent % messages.count() == 0) {
          reader.close();
          reader = messages.open(); // from the first message again
        }
        PlayedMessage message = reader.next();
        checkAge(message);
        send(producer, message);
        sent++;
      }
    } finally { // waits for messages in flight; those left after the timeout are refused
      reader.close();
      producer.close(interrupted.getAsBoolean() ? INTERRUPTED_CLOSE_TIMEOUT : CLOSE_TIMEOUT);
    }
    out()
        .printf(
            "%,d messages sent in %.1f s%n",
            sent - refused, (System.nanoTime() - startNanos) / 1e9);
    if (old > 0) {
      out().printf("%,d of them were older than the retention of %s%n", old, topic);
    }
    out().flush();
    if (refused > 0) {
      throw new AppException(
          "%,d of %,d messages were not sent to %s on %s: %s"
              .formatted(refused, sent, topic, servers, reason));
    }
  }

  /** Warns before the first message that the broker may delete before anybody has read it. */
  private void checkAge(PlayedMessage message) {
    if (kept == null
        || message.timestampMs() == null
        || message.timestampMs() >= System.currentTimeMillis() - kept.toMillis()) {
      return;
    }
    if (old++ == 0) {
      PrintWriter err = spec.commandLine().getErr();
      err.printf(
          "warning: topic %s keeps records for %s (retention.ms), and messages are older than that:"
              + " the broker deletes them, whether they were read or not. Raise it first"
              + " (kafka-configs.sh --alter --entity-type topics --entity-name %1$s --add-config"
              + " retention.ms=-1), or leave out their timestamps%n",
          topic, days(kept));
      err.flush();
    }
  }

  private static String days(Duration time) {
    return time.compareTo(Duration.ofDays(2)) >= 0
        ? time.toDays() + " days"
        : "%,d s".formatted(time.toSeconds());
  }

  private KafkaProducer<byte[], byte[]> producer(StreamsConfig streams) {
    try {
      return new KafkaProducer<>(
          streams.getProducerConfigs(CLIENT_ID),
          new ByteArraySerializer(),
          new ByteArraySerializer());
    } catch (KafkaException e) {
      throw AdminRequests.connectionFailed(servers, e);
    }
  }

  private void send(KafkaProducer<byte[], byte[]> producer, PlayedMessage message) {
    producer.send(
        new ProducerRecord<>(topic, null, message.timestampMs(), message.key(), message.value()),
        (metadata, failure) -> acknowledged(failure));
  }

  /** Counts refused messages. Prints the first of a row of refusals only. */
  private synchronized void acknowledged(Exception failure) {
    if (failure != null) {
      refused++;
      String why = why(failure);
      reason = reason == null ? why : reason;
      if (!failing) {
        PrintWriter err = spec.commandLine().getErr();
        err.println("messages are refused: " + why);
        err.flush();
      }
    }
    failing = failure != null;
  }

  private String why(Exception failure) {
    String why = AppException.oneLine(failure);
    return failure instanceof RetriableException // and was retried
        ? why + "; check that the broker at %s runs, then send them again".formatted(servers)
        : why;
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private void check(boolean holds, String message) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), message);
    }
  }
}
