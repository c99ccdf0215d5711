package io.undercurrent.app.checks;

import io.undercurrent.app.AdminRequests;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.streams.StreamsConfig;

/** The cluster that is asked, through one client. The client is made at the first question. */
final class Cluster implements AutoCloseable {

  private final Subject subject;
  private Admin admin; // null before the first question

  Cluster(Subject subject) {
    this.subject = subject;
  }

  Subject subject() {
    return subject;
  }

  /** The addresses that the settings name. */
  List<String> addresses() {
    return subject.streams().getList(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG);
  }

  String servers() {
    return AdminRequests.bootstrapServers(subject.streams());
  }

  /** A setting of the client, as text; null if it is not set. */
  String setting(String name) {
    Object value = settings().get(name);
    return value == null ? null : value.toString();
  }

  private Map<String, Object> settings() {
    return new HashMap<>(subject.streams().getAdminConfigs("undercurrent-checks"));
  }

  /**
   * The client.
   *
   * @throws org.apache.kafka.common.KafkaException if the settings do not make one
   */
  Admin admin() {
    if (admin == null) {
      Map<String, Object> settings = settings();
      // A broker that is not reached is a finding, and must not take minutes.
      settings.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, AdminRequests.timeoutMs());
      settings.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, AdminRequests.timeoutMs());
      admin = Admin.create(settings);
    }
    return admin;
  }

  /** Waits for an answer. */
  static <T> T get(KafkaFuture<T> future) throws ExecutionException {
    return AdminRequests.get(future);
  }

  /** The finding for an answer that is an error, other than a missing right. */
  static Finding noAnswer(Check check, ExecutionException e) {
    Throwable cause = e.getCause();
    return cause instanceof TimeoutException
        ? check.notYet("the brokers did not answer in time", "see the brokers' logs and load")
        : check.unknown(
            "the brokers answered: " + String.valueOf(cause.getMessage()).strip(),
            "see the brokers' logs");
  }

  /** The command that gives rights on a resource. */
  String grant(Collection<AclOperation> operations, String resource) {
    return "grant them: kafka-acls.sh --bootstrap-server %s --add --allow-principal User:NAME %s %s"
        .formatted(
            servers(),
            operations.stream()
                .map(operation -> "--operation " + word(operation))
                .collect(Collectors.joining(" ")),
            resource);
  }

  /** The operation as kafka-acls.sh and the documentation write it. */
  static String word(AclOperation operation) {
    StringBuilder word = new StringBuilder();
    for (String part : operation.name().split("_")) {
      word.append(part.charAt(0)).append(part.substring(1).toLowerCase(java.util.Locale.ROOT));
    }
    return word.toString();
  }

  @Override
  public void close() {
    if (admin != null) {
      admin.close(Duration.ZERO);
    }
  }
}
