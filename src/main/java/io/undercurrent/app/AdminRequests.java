package io.undercurrent.app;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.DescribeTopicsOptions;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Requests of an {@link Admin} with a time limit, and their failures as {@link AppException}s of
 * one line.
 */
public final class AdminRequests {

  static final Duration TIMEOUT = Duration.ofSeconds(10);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(100);

  private AdminRequests() {}

  /** Asks until the answer is as wanted, or the time is over. Returns the last answer. */
  static <T> T await(Supplier<T> question, Predicate<T> wanted) {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    T answer = question.get();
    while (!wanted.test(answer) && System.nanoTime() < deadline) {
      sleep();
      answer = question.get();
    }
    return answer;
  }

  private static void sleep() {
    try {
      Thread.sleep(POLL_INTERVAL.toMillis());
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static AppException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new AppException("interrupted while waiting for topics", e);
  }

  /** Why the request failed; empty if it did not. */
  static Optional<Throwable> failure(KafkaFuture<?> future) {
    try {
      get(future);
      return Optional.empty();
    } catch (ExecutionException e) {
      return Optional.of(e.getCause());
    }
  }

  /**
   * Describes a topic.
   *
   * @param servers the brokers' addresses, for messages
   * @throws AppException if the topic does not exist or we may not describe it
   */
  public static TopicDescription describe(Admin admin, String topic, String servers) {
    try {
      return get(
          admin
              .describeTopics(List.of(topic), new DescribeTopicsOptions().timeoutMs(timeoutMs()))
              .topicNameValues()
              .get(topic));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof UnknownTopicOrPartitionException) {
        throw new AppException(
            "topic %s must exist on %s, found no such topic: create it, or choose another one"
                .formatted(topic, servers),
            e);
      }
      throw requestFailed(servers, "describe topic " + topic, e.getCause());
    }
  }

  /** Waits for the result, at most as long as the timeout that the request was given. */
  public static <T> T get(KafkaFuture<T> future) throws ExecutionException {
    try {
      return future.get();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  /**
   * The error for a client that could not be made, for example because an address does not resolve
   * or a truststore is missing.
   */
  public static AppException connectionFailed(String servers, KafkaException e) {
    return new AppException(
        "cannot connect to %s: %s; see bootstrap.servers, and security.*, sasl.* and ssl.*, in the settings"
            .formatted(servers, AppException.oneLine(e)),
        e);
  }

  /**
   * The error for a request that the cluster refused or did not answer. The message is one line.
   */
  public static AppException requestFailed(String servers, String action, Throwable cause) {
    if (cause instanceof TimeoutException) {
      return new AppException(
          "no broker answered at %s within %d s: start one there, or set another address in bootstrap.servers"
              .formatted(servers, TIMEOUT.toSeconds()),
          cause);
    }
    if (cause instanceof AuthenticationException e) {
      LoginFailure failure = LoginFailure.of(e);
      return new AppException(
          "%s: %s; %s".formatted(servers, failure.found(), failure.remedy()), cause);
    }
    if (cause instanceof AuthorizationException) {
      return new AppException(
          "not permitted to %s on %s: %s; grant the permission (kafka-acls), or log in as another user"
              .formatted(action, servers, cause.getMessage()),
          cause);
    }
    return new AppException(
        "cannot %s on %s: %s".formatted(action, servers, AppException.oneLine(cause)), cause);
  }

  /** The brokers' addresses, as the settings have them. */
  public static String bootstrapServers(StreamsConfig streams) {
    return String.join(",", streams.getList(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG));
  }

  /** The time limit of a request. */
  public static int timeoutMs() {
    return Math.toIntExact(TIMEOUT.toMillis());
  }
}
