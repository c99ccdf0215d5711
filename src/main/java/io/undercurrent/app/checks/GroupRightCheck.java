package io.undercurrent.app.checks;

import io.undercurrent.app.AdminRequests;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.AlterConsumerGroupOffsetsOptions;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Whether the application may join its group. Brokers say what may be done with a group only once
 * it exists. So this asks to commit an offset of a topic that cannot exist: whoever may not read
 * the group is refused for that first, and nothing is committed.
 */
final class GroupRightCheck implements Check {

  private final Cluster cluster;
  private final String group;

  GroupRightCheck(Cluster cluster) {
    this.cluster = cluster;
    group = cluster.subject().applicationId();
  }

  @Override
  public String name() {
    return "group " + group;
  }

  @Override
  public Finding look() {
    TopicPartition none = new TopicPartition(group + "-check-" + UUID.randomUUID(), 0);
    try {
      Cluster.get(
          cluster
              .admin()
              .alterConsumerGroupOffsets(
                  group,
                  Map.of(none, new OffsetAndMetadata(0)),
                  new AlterConsumerGroupOffsetsOptions().timeoutMs(AdminRequests.timeoutMs()))
              .partitionResult(none));
    } catch (ExecutionException e) {
      if (isRefused(e.getCause())) {
        return failed(
            "this user lacks Read", cluster.grant(List.of(AclOperation.READ), "--group " + group));
      }
      if (e.getCause() instanceof TimeoutException) {
        return Cluster.noAnswer(this, e);
      }
    }
    return ok("may be joined");
  }

  /** A topic that may not be used is the next thing that the broker looks at. */
  private static boolean isRefused(Throwable cause) {
    return cause instanceof GroupAuthorizationException
        || cause instanceof AuthorizationException && cause.getMessage().contains("group");
  }
}
