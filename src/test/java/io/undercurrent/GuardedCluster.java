package io.undercurrent;

import io.undercurrent.broker.EmbeddedBroker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/**
 * A broker that demands TLS, a login by SCRAM, and a right for each request. It has a second
 * address without any of this, where a test may do everything.
 */
public final class GuardedCluster implements AutoCloseable {

  public static final String USER = "enricher";
  public static final String PASSWORD = "correct-horse-0451";

  private final EmbeddedBroker broker;
  private final SelfSigned certificate;
  private final Admin admin;

  /** Starts it. Its certificate is for the address 127.0.0.1 alone. */
  public GuardedCluster(Path folder) throws Exception {
    certificate = SelfSigned.in(folder.resolve("tls"), "RSA", "ip:127.0.0.1");
    String listener = "listener.name.guarded.";
    Map<String, String> guard = new HashMap<>();
    guard.put("security.protocol", "SASL_SSL");
    guard.put(listener + "ssl.keystore.type", "PEM");
    guard.put(
        listener + "ssl.keystore.certificate.chain", Files.readString(certificate.certificate()));
    guard.put(listener + "ssl.keystore.key", Files.readString(certificate.key()));
    guard.put(listener + "sasl.enabled.mechanisms", "SCRAM-SHA-512");
    guard.put(
        listener + "scram-sha-512.sasl.jaas.config",
        "org.apache.kafka.common.security.scram.ScramLoginModule required;");
    guard.put("authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer");
    guard.put("super.users", "User:ANONYMOUS");
    broker = EmbeddedBroker.start(folder.resolve("broker"), guard);
    admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    admin
        .alterUserScramCredentials(
            List.of(
                new UserScramCredentialUpsertion(
                    USER, new ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), PASSWORD)))
        .all()
        .get();
  }

  /** The address that demands nothing. */
  public String openServers() {
    return broker.bootstrapServers();
  }

  public String servers() {
    return broker.guardedServers();
  }

  /** Settings of a client that may log in. */
  public Map<String, String> settings() {
    return settings(USER, PASSWORD);
  }

  /** Settings of a client that says this user and password, which may be placeholders. */
  public Map<String, String> settings(String user, String password) {
    return new HashMap<>(
        Map.of(
            "bootstrap.servers",
            servers(),
            "security.protocol",
            "SASL_SSL",
            "sasl.mechanism",
            "SCRAM-SHA-512",
            "sasl.jaas.config",
            "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"%s\" password=\"%s\";"
                .formatted(user, password),
            "ssl.truststore.type",
            "PEM",
            "ssl.truststore.location",
            certificate.certificate().toString()));
  }

  /** Makes a topic of one partition. */
  public void createTopic(String name) {
    broker.createTopics(List.of(new NewTopic(name, 1, (short) 1)));
  }

  /** A right of the user. */
  public record Right(ResourceType type, String resource, boolean prefix, AclOperation operation) {

    private AclBinding acl() {
      return new AclBinding(
          new ResourcePattern(type, resource, prefix ? PatternType.PREFIXED : PatternType.LITERAL),
          new AccessControlEntry("User:" + USER, "*", operation, AclPermissionType.ALLOW));
    }
  }

  public void grant(List<Right> rights) throws Exception {
    admin.createAcls(rights.stream().map(Right::acl).toList()).all().get();
  }

  public void revoke(List<Right> rights) throws Exception {
    admin.deleteAcls(rights.stream().map(right -> right.acl().toFilter()).toList()).all().get();
  }

  @Override
  public void close() {
    admin.close();
    broker.close();
  }
}
