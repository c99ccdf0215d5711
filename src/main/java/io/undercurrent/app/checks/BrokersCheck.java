package io.undercurrent.app.checks;

import io.undercurrent.app.AdminRequests;
import io.undercurrent.app.AppException;
import io.undercurrent.app.LoginFailure;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.DescribeClusterOptions;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.config.SaslConfigs;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.SslAuthenticationException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.utils.Utils;

/**
 * Whether the brokers answer this client: each address has a host that is known, something listens
 * there, it speaks what the settings say (TLS or not, a login or not), and both sides accept each
 * other. Then the same for the addresses that the brokers say are theirs.
 */
final class BrokersCheck implements Check {

  private static final String ONLY_IF_TRUSTED =
      "only if this network is trusted: without TLS the password can be read";

  private final Cluster cluster;
  private final String protocol;

  BrokersCheck(Cluster cluster) {
    this.cluster = cluster;
    String set = cluster.setting(CommonClientConfigs.SECURITY_PROTOCOL_CONFIG);
    protocol =
        set == null ? CommonClientConfigs.DEFAULT_SECURITY_PROTOCOL : set.toUpperCase(Locale.ROOT);
  }

  @Override
  public String name() {
    return "brokers";
  }

  @Override
  public Finding look() {
    List<Finding> unreached = new ArrayList<>();
    for (String address : cluster.addresses()) {
      String host = Utils.getHost(address);
      Integer port = Utils.getPort(address);
      if (host == null || port == null) {
        return failed(
            "\"%s\" is not an address".formatted(address),
            "set bootstrap.servers to host:port, separated by commas");
      }
      Optional<Finding> problem = problem(host, port, "bootstrap.servers");
      if (problem.isPresent()
          && problem.get().result() == Finding.Result.FAILED
          && !isUnknown(host)) {
        return problem.get(); // Kafka's client must not connect there
      }
      problem.ifPresent(unreached::add);
    }
    if (unreached.size() == cluster.addresses().size()) {
      return unreached.stream()
          .filter(problem -> problem.result() == Finding.Result.NOT_YET)
          .findFirst()
          .orElse(unreached.get(0));
    }
    Finding answer = ask();
    return answer.result() == Finding.Result.OK && !unreached.isEmpty()
        ? warning(unreached.get(0).found(), unreached.get(0).remedy())
        : answer;
  }

  private static boolean isUnknown(String host) {
    return new InetSocketAddress(host, 0).isUnresolved();
  }

  /**
   * @param where names the setting that the address is from
   */
  private Optional<Finding> problem(String host, int port, String where) {
    String address = host + ":" + port;
    try {
      return problem(address, new Probe(host, port).find(), where);
    } catch (UnknownHostException e) {
      return Optional.of(
          failed(
              "%s: the host name has no address (DNS)".formatted(address),
              "correct it in %s, or in the name server".formatted(where)));
    } catch (IOException e) {
      return Optional.of(
          notYet(
              "%s: no connection (TCP): %s".formatted(address, e.getMessage()),
              "start a broker there, open the firewall, or correct " + where));
    }
  }

  private Optional<Finding> problem(String address, Probe.Found found, String where) {
    if (usesTls()
        && (found.speaks() == Probe.Speaks.SILENCE || found.speaks() == Probe.Speaks.NOTHING)) {
      return Optional.empty(); // a proxy may want TLS first; Kafka's client will say
    }
    return switch (found.speaks()) {
      case KAFKA ->
          usesTls()
              ? Optional.of(
                  failed(
                      "%s does not use TLS, but security.protocol is %s"
                          .formatted(address, protocol),
                      usesLogin()
                          ? "set the address of the TLS port in %s, or security.protocol=SASL_PLAINTEXT, %s"
                              .formatted(where, ONLY_IF_TRUSTED)
                          : "set the address of the TLS port in %s, or security.protocol=PLAINTEXT, only if this network is trusted: without TLS the records can be read"
                              .formatted(where)))
              : login(address, found.logins());
      case TLS ->
          usesTls()
              ? login(address, found.logins()).map(this::unlessCertificateIsRefused)
              : Optional.of(
                  failed(
                      "%s uses TLS, but security.protocol is %s".formatted(address, protocol),
                      "set security.protocol=%s, and ssl.truststore.location"
                          .formatted(
                              usesLogin() || !isEmpty(found.logins()) ? "SASL_SSL" : "SSL")));
      case SOMETHING_ELSE ->
          Optional.of(
              failed(
                  address + " answers, but does not speak Kafka's protocol",
                  "set the address of a broker in " + where));
      case SILENCE ->
          Optional.of(
              notYet(
                  address + " took the connection and does not answer",
                  "see whether the broker is overloaded or paused"));
      case NOTHING ->
          Optional.of(
              notYet(
                  address + " closes the connection without an answer",
                  "see the broker's log, and whether a proxy is in between"));
    };
  }

  private Optional<Finding> login(String address, List<String> offered) {
    if (offered == null) {
      return Optional.empty();
    }
    if (!usesLogin()) {
      return offered.isEmpty()
          ? Optional.empty()
          : Optional.of(
              failed(
                  "%s wants a login (SASL: %s), but security.protocol is %s"
                      .formatted(address, String.join(", ", offered), protocol),
                  usesTls()
                      ? "set security.protocol=SASL_SSL, sasl.mechanism and sasl.jaas.config"
                      : "set the address of the TLS port, and security.protocol=SASL_SSL, sasl.mechanism and sasl.jaas.config; SASL_PLAINTEXT on this port "
                          + ONLY_IF_TRUSTED));
    }
    if (offered.isEmpty()) {
      return Optional.of(
          failed(
              "%s takes no login, but security.protocol is %s".formatted(address, protocol),
              "set security.protocol=" + (usesTls() ? "SSL" : "PLAINTEXT")));
    }
    String set = cluster.setting(SaslConfigs.SASL_MECHANISM);
    String mechanism = set == null ? SaslConfigs.DEFAULT_SASL_MECHANISM : set;
    return offered.contains(mechanism)
        ? Optional.empty()
        : Optional.of(
            failed(
                "%s offers the logins %s, but sasl.mechanism is %s"
                    .formatted(address, String.join(", ", offered), mechanism),
                "set sasl.mechanism to one that the broker offers"));
  }

  /**
   * Anyone can answer behind a certificate that was not checked. So Kafka's client checks it first.
   */
  private Finding unlessCertificateIsRefused(Finding mismatch) {
    try {
      Cluster.get(
          cluster
              .admin()
              .describeCluster(new DescribeClusterOptions().timeoutMs(AdminRequests.timeoutMs()))
              .clusterId());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SslAuthenticationException) {
        return refused(e.getCause());
      }
    } catch (KafkaException e) {
      return noConnection(e);
    }
    return mismatch;
  }

  private Finding noConnection(KafkaException e) {
    return failed(
        "the settings make no connection: " + AppException.oneLine(e),
        "see security.*, sasl.* and ssl.* in the settings");
  }

  private Finding ask() {
    try {
      var answer =
          cluster
              .admin()
              .describeCluster(new DescribeClusterOptions().timeoutMs(AdminRequests.timeoutMs()));
      String id = Cluster.get(answer.clusterId());
      List<Node> nodes = List.copyOf(Cluster.get(answer.nodes()));
      List<Finding> unreached = new ArrayList<>();
      for (Node node : nodes) {
        Optional<Finding> problem = asSaid(node);
        if (problem.isPresent()
            && problem.get().result() == Finding.Result.FAILED
            && !isUnknown(node.host())) {
          return problem.get();
        }
        problem.ifPresent(unreached::add);
      }
      if (!unreached.isEmpty()) { // with some brokers away, an application can go on
        Finding first = unreached.get(0);
        return unreached.size() < nodes.size() ? warning(first.found(), first.remedy()) : first;
      }
      return ok("%d at %s, cluster %s".formatted(nodes.size(), cluster.servers(), id));
    } catch (ExecutionException e) {
      return refused(e.getCause());
    } catch (KafkaException e) {
      return noConnection(e);
    }
  }

  /** The address that a broker says is its own. Clients use it, whatever the settings say. */
  private Optional<Finding> asSaid(Node node) {
    String address = node.host() + ":" + node.port();
    if (cluster.addresses().contains(address)) {
      return Optional.empty();
    }
    return problem(node.host(), node.port(), "advertised.listeners of broker " + node.idString())
        .map(
            problem ->
                new Finding(
                    name(),
                    problem.result(),
                    "broker %s says that it is reached at %s, and "
                            .formatted(node.idString(), address)
                        + problem.found(),
                    problem.remedy()));
  }

  private Finding refused(Throwable cause) {
    if (cause instanceof AuthenticationException e) {
      LoginFailure failure = LoginFailure.of(e);
      return failed(cluster.servers() + ": " + failure.found(), failure.remedy());
    }
    if (cause instanceof TimeoutException) {
      return notYet(
          "no answer from %s within %d s"
              .formatted(cluster.servers(), AdminRequests.timeoutMs() / 1_000),
          "see the broker's log");
    }
    return failed(
        "%s answers: %s".formatted(cluster.servers(), AppException.oneLine(cause)),
        "see the broker's log");
  }

  private boolean usesTls() {
    return protocol.endsWith("SSL");
  }

  private boolean usesLogin() {
    return protocol.startsWith("SASL");
  }

  private static boolean isEmpty(List<String> logins) {
    return logins == null || logins.isEmpty();
  }
}
