package io.undercurrent.app.checks;

import io.undercurrent.app.AppException;
import io.undercurrent.app.Topics;

/**
 * Whether the dead-letter topic is compacted. It would refuse letters without a key, and keep only
 * the last one of each key.
 */
final class CompactionCheck implements Check {

  private final Cluster cluster;

  CompactionCheck(Cluster cluster) {
    this.cluster = cluster;
  }

  @Override
  public String name() {
    return "dead letters";
  }

  @Override
  public Finding look() {
    String topic = cluster.subject().definition().deadLetters();
    try {
      return Topics.isCompacted(cluster.admin(), topic, cluster.servers())
          .map(compacted -> judge(topic, compacted))
          .orElseGet(() -> notRead(topic));
    } catch (AppException e) {
      return notRead(topic);
    }
  }

  private Finding judge(String topic, boolean compacted) {
    return compacted
        ? failed(
            "topic %s is compacted: it would refuse letters without a key".formatted(topic),
            "set its cleanup.policy to delete (kafka-configs.sh), or name another topic in"
                + " sinks.deadLetters")
        : ok("topic %s is not compacted".formatted(topic));
  }

  private Finding notRead(String topic) {
    return unknown(
        "the settings of topic %s cannot be read".formatted(topic), "see the check of that topic");
  }
}
