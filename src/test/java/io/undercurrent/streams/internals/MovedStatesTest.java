package io.undercurrent.streams.internals;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.streams.DeadLetterHandler;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.errors.internals.DefaultErrorHandlerContext;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Tests the reported state of records that fail late: when a cache is flushed, or on other threads.
 */
class MovedStatesTest {

  private static final TaskId TASK = new TaskId(0, 3);
  private static final Headers PLAIN = new RecordHeaders();
  private static final Headers ENRICHED =
      new RecordHeaders().add("undercurrent-model", new byte[1]);

  private final Map<String, Object> configs = new HashMap<>(DeadLetterHandler.settings("dead"));
  private final MovedStates moved = MovedStates.from(configs);
  private final DeadLetterHandler handler = new DeadLetterHandler();

  @BeforeEach
  void moveAtOffset5() {
    handler.configure(configs);
    moved.stateMoved(TASK, at(5));
  }

  @Test
  void shouldReportAnEarlierRecordOnlyIfItWasEnriched() {
    assertThat(state(5, PLAIN)).isEqualTo("moved");
    assertThat(state(6, ENRICHED)).isEqualTo("unchanged"); // another application enriched it
    assertThat(state(4, ENRICHED)).isEqualTo("moved");
    assertThat(state(4, PLAIN)).isNull();
  }

  @Test
  void shouldForgetATasksEntriesWhenItStartsAgain() {
    moved.clear(TASK);

    assertThat(state(5, PLAIN)).isEqualTo("unchanged");
    assertThat(state(5, ENRICHED)).as("may have been enriched before a repartition topic").isNull();
  }

  @Test
  void shouldKeepEntriesOfThreadsSeparate() throws Exception {
    long[] seen = {0};
    Thread other = new Thread(() -> seen[0] = moved.lastMovedOffset(TASK, "in", 3));
    other.start();
    other.join();

    assertThat(seen[0]).isEqualTo(-1);
    assertThat(moved.lastMovedOffset(TASK, "in", 3)).isEqualTo(5);
    assertThat(moved.lastMovedOffset(TASK, "other", 3)).isEqualTo(-1);
  }

  private String state(long offset, Headers headers) {
    var response =
        handler.handleError(
            new DefaultErrorHandlerContext(
                null, "in", 3, offset, headers, "step", TASK, 5, null, null),
            new Record<>("k", "v", 5),
            new IllegalStateException("failed"));
    Header header =
        response.deadLetterQueueRecords().get(0).headers().lastHeader("undercurrent-state");
    return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
  }

  private static RecordMetadata at(long offset) {
    return new RecordMetadata() {
      @Override
      public String topic() {
        return "in";
      }

      @Override
      public int partition() {
        return 3;
      }

      @Override
      public long offset() {
        return offset;
      }
    };
  }
}
