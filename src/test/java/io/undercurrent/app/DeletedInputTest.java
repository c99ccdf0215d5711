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

    DeletedInput.Look look = deleted.look(beginnings, Map.of(ONE, 90L, TWO, 0L, OTHER, 7L));

    assertThat(look.deleted())
        .containsExactly(
            "topic messages: up to 13 records were deleted before they were read, and are not"
                + " enriched: partition 1 offsets 90 to 99, partition 2 offsets 0 to 2; the topic's"
                + " retention.ms or retention.bytes is too small for these records");
    assertThat(look.begins()).isEmpty();
  }

  /** A new application reads an old topic, or all records of a partition have expired. */
  @Test
  void shouldOnlySayWhereATopicBeginsOfWhichNothingWasRead() {
    DeletedInput.Look first = deleted.look(Map.of(ONE, 100L, TWO, 3L, OTHER, 0L), Map.of());

    assertThat(first.deleted()).isEmpty();
    assertThat(first.begins())
        .containsExactly("topic messages begins at offset 100 in partition 1, 3 in partition 2");
    DeletedInput.Look second = deleted.look(Map.of(ONE, 100L, TWO, 3L, OTHER, 0L), Map.of());
    assertThat(second.deleted()).isEmpty();
    assertThat(second.begins()).isEmpty();
  }

  @Test
  void shouldNameRecordsThatAreDeletedWhileNothingIsRead() {
    deleted.look(Map.of(ONE, 5L), Map.of());

    assertThat(deleted.look(Map.of(ONE, 8L), Map.of()).deleted())
        .first()
        .asString()
        .contains("up to 3 records")
        .contains("partition 1 offsets 5 to 7");
  }

  @Test
  void shouldNameEachRecordOnce() {
    assertThat(deleted.look(Map.of(ONE, 5L), Map.of(ONE, 0L)).deleted()).hasSize(1);
    assertThat(deleted.look(Map.of(ONE, 5L), Map.of(ONE, 0L)).deleted()).isEmpty();
    assertThat(deleted.look(Map.of(ONE, 8L), Map.of(ONE, 0L)).deleted())
        .first()
        .asString()
        .contains("5 to 7");
    assertThat(deleted.look(Map.of(ONE, 9L), Map.of(ONE, 9L)).deleted()).isEmpty();
  }
}
