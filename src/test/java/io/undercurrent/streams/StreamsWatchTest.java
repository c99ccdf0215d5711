package io.undercurrent.streams;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.TopicPartitionInfo;
import org.junit.jupiter.api.Test;

/** What the watch finds out on a running cluster is tested by {@code HealthIT}. */
class StreamsWatchTest {

  private static final Node NODE = new Node(1, "localhost", 9092);

  @Test
  void shouldNameThePartitionsThatHaveNoLeader() {
    TopicDescription topic =
        new TopicDescription("in", false, List.of(partition(0, NODE), partition(1, null)));
    assertThat(StreamsWatch.withoutLeader(topic)).containsExactly("partition in-1 has no leader");
  }

  private static TopicPartitionInfo partition(int number, Node leader) {
    return new TopicPartitionInfo(number, leader, List.of(NODE), List.of(NODE));
  }
}
