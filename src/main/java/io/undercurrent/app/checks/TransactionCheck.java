package io.undercurrent.app.checks;

import io.undercurrent.app.AdminRequests;
import java.util.List;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.DescribeTransactionsOptions;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;

/**
 * Whether the application may use transactions: it asks about one with a name like those that Kafka
 * Streams gives. Who may write under a name may also ask about it.
 */
final class TransactionCheck implements Check {

  private final Cluster cluster;
  private final String prefix;

  TransactionCheck(Cluster cluster) {
    this.cluster = cluster;
    prefix = cluster.subject().applicationId() + "-";
  }

  @Override
  public String name() {
    return "transactions " + prefix + "*";
  }

  @Override
  public Finding look() {
    String id = prefix + "check";
    try {
      Cluster.get(
          cluster
              .admin()
              .describeTransactions(
                  List.of(id),
                  new DescribeTransactionsOptions().timeoutMs(AdminRequests.timeoutMs()))
              .description(id));
    } catch (ExecutionException e) {
      if (e.getCause() instanceof AuthorizationException) {
        return failed(
            "this user lacks the right Write on these transactional ids",
            cluster.grant(
                List.of(AclOperation.WRITE),
                "--resource-pattern-type prefixed --transactional-id " + prefix));
      }
      if (!(e.getCause() instanceof TransactionalIdNotFoundException)) {
        return Cluster.noAnswer(this, e);
      }
    }
    return ok("may be used");
  }
}
