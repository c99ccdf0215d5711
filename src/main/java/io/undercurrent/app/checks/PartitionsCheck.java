package io.undercurrent.app.checks;

import io.undercurrent.app.AppException;
import io.undercurrent.app.InternalTopics;
import java.util.Optional;

/** Whether Kafka Streams' own topics have as many partitions as the source topics. */
final class PartitionsCheck implements Check {

  private final Cluster cluster;

  PartitionsCheck(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public String name() {
    return "partitions";
  }

  @Override
  public Finding look() {
    Subject subject = cluster.subject();
    InternalTopics topics =
        new InternalTopics(
            subject.internalTopics(), subject.definition().topics(), cluster.servers());
    try {
      Optional<String> wrong = topics.wrongPartitions(cluster.admin());
      return wrong.isPresent() ? failed(wrong.get(), "") : ok("as many in all topics as needed");
    } catch (AppException e) {
      return unknown("the topics cannot all be described", "see the checks of the topics");
    }
  }
}
