package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class DeletedInputTest {

  private static final TopicPartition ONE = new TopicPartition("messages", 1);
  private static final TopicPartition TWO = new TopicPartition("messages", 2);
  private static final TopicPartition OTHER = new TopicPartition("other", 0);

  private final DeletedInput deleted = new DeletedInput();

  @Test
  void shouldNameTheRecordsThatWereDeletedBeforeTheyWereRead() {
    Map<TopicPartition, Long> beginnings = Map.of(TWO, 3L, ONE, 100L, OTHER, 7L);

    assertThat(deleted.lines(beginnings, Map.of(ONE, 90L, OTHER, 7L)))
        .containsExactly(
            "topic messages: up to 13 records were deleted before they were read, and are not"
                + " enriched: partition 1 offsets 90 to 99, partition 2 offsets 0 to 2; see its"
                + " retention.ms and retention.bytes, against the records' timestamps");
  }

  @Test
  void shouldNameEachRecordOnce() {
    assertThat(deleted.lines(Map.of(ONE, 5L), Map.of())).hasSize(1);
    assertThat(deleted.lines(Map.of(ONE, 5L), Map.of())).isEmpty();
    assertThat(deleted.lines(Map.of(ONE, 8L), Map.of())).first().asString().contains("5 to 7");
    assertThat(deleted.lines(Map.of(ONE, 9L), Map.of(ONE, 9L))).isEmpty();
  }
}
