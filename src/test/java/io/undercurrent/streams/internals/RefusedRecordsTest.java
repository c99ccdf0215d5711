package io.undercurrent.streams.internals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.Source;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.streams.DeadLetterHandler;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.errors.internals.DefaultErrorHandlerContext;
import org.apache.kafka.streams.processor.TaskId;
import org.apache.kafka.streams.processor.api.Record;
import org.junit.jupiter.api.Test;

class RefusedRecordsTest {

  private static final String SALES = "undercurrent-model-sales";
  private static final String STOCK = "undercurrent-model-stock";
  private static final byte[] KEY = {'k'};
  private static final BadRecordException BAD =
      new BadRecordException(DeadLetterReason.REFUSED, "topic t must accept the enriched record");

  private long nanos;
  private final RefusedRecords refused = new RefusedRecords(() -> nanos);

  @Test
  void shouldFindARefusedRecordByItsSource() {
    refused.add(SALES, enriched(7), BAD);

    assertThatThrownBy(() -> refused.check(SALES, source(7))).isSameAs(BAD);
    assertThatCode(() -> refused.check(SALES, source(8))).doesNotThrowAnyException();
    assertThatCode(() -> refused.check(SALES, null)).doesNotThrowAnyException();
    assertThat(refused.has(BAD)).isTrue();
    assertThat(refused.has(new IllegalStateException())).isFalse();
  }

  @Test
  void shouldFindARefusedTombstoneByItsKeyAndTimestamp() {
    refused.add(SALES, tombstone(5), BAD);

    assertThatThrownBy(() -> refused.checkTombstone(SALES, new byte[] {'k'}, 5)).isSameAs(BAD);
    assertThatCode(() -> refused.checkTombstone(SALES, KEY, 6)).doesNotThrowAnyException();
    assertThatCode(() -> refused.checkTombstone(SALES, new byte[] {'j'}, 5))
        .doesNotThrowAnyException();
  }

  @Test
  void shouldKeepTwoEnrichersOfATopologyApart() {
    refused.add(SALES, enriched(7), BAD);
    refused.add(SALES, tombstone(5), BAD);

    assertThatCode(() -> refused.check(STOCK, source(7))).doesNotThrowAnyException();
    assertThatCode(() -> refused.checkTombstone(STOCK, KEY, 5)).doesNotThrowAnyException();
  }

  @Test
  void shouldNotRememberWhatItCannotRecognise() {
    refused.add(
        SALES, new ProducerRecord<>("t", KEY, "no JSON".getBytes(StandardCharsets.UTF_8)), BAD);
    refused.add(SALES, new ProducerRecord<>("t", null, 5L, null, null, List.of()), BAD);
    refused.add(SALES, new ProducerRecord<>("t", KEY, null), BAD);

    assertThat(refused.takeAttempt()).isFalse();
  }

  @Test
  void shouldForgetTheOldestRecords() {
    for (int i = 0; i <= RefusedRecords.MAX_RECORDS; i++) {
      refused.add(SALES, tombstone(i), BAD);
    }

    assertThatCode(() -> refused.checkTombstone(SALES, KEY, 0)).doesNotThrowAnyException();
    assertThatThrownBy(() -> refused.checkTombstone(SALES, KEY, 1)).isSameAs(BAD);
  }

  @Test
  void shouldAllowOneAttemptForEachRecordThatIsRefusedForTheFirstTime() {
    assertThat(refused.takeAttempt()).isFalse();
    refused.add(SALES, tombstone(5), BAD);
    refused.add(SALES, tombstone(5), BAD);

    assertThat(refused.takeAttempt()).isTrue();
    assertThat(refused.takeAttempt()).isFalse();
    refused.add(SALES, tombstone(5), BAD);
    assertThat(refused.takeAttempt()).as("refused again").isFalse();
  }

  @Test
  void shouldGiveUpAtTheTwentyFirstRecord() {
    for (int i = 1; i <= 20; i++) {
      assertThat(refuse(i)).as("record %d", i).isTrue();
      nanos += Duration.ofMinutes(59).toNanos();
    }
    assertThat(refuse(21)).isFalse();
  }

  @Test
  void shouldCountAnewAfterAnHourWithoutARefusal() {
    for (int i = 1; i <= 20; i++) {
      assertThat(refuse(i)).isTrue();
    }
    nanos += Duration.ofMinutes(61).toNanos();
    for (int i = 21; i <= 40; i++) {
      assertThat(refuse(i)).as("record %d", i).isTrue();
    }
    assertThat(refuse(41)).isFalse();
  }

  /** At least once, the store may still have the state of the attempt that was refused. */
  @Test
  void shouldLeaveTheStateUnknownUnlessARefusedAttemptIsUndone() {
    assertThat(stateOfTheLetter("exactly_once_v2")).isEqualTo("unchanged");
    assertThat(stateOfTheLetter("at_least_once")).isNull();
  }

  private static String stateOfTheLetter(String guarantee) {
    Map<String, Object> configs = new HashMap<>(DeadLetterHandler.settings("dead"));
    configs.put("processing.guarantee", guarantee);
    RefusedRecords.from(configs).add(SALES, tombstone(5), BAD);
    DeadLetterHandler handler = new DeadLetterHandler();
    handler.configure(configs);
    var response =
        handler.handleError(
            new DefaultErrorHandlerContext(
                null, "in", 0, 7, new RecordHeaders(), "enrich", new TaskId(0, 0), 5, KEY, null),
            new Record<>(KEY, null, 5),
            BAD);
    Header header =
        response.deadLetterQueueRecords().get(0).headers().lastHeader("undercurrent-state");
    return header == null ? null : new String(header.value(), StandardCharsets.UTF_8);
  }

  private boolean refuse(long timestampMs) {
    refused.add(SALES, tombstone(timestampMs), BAD);
    return refused.takeAttempt();
  }

  private static Source source(long offset) {
    return new Source("in", 0, offset, 5L);
  }

  private static ProducerRecord<byte[], byte[]> tombstone(long timestampMs) {
    return new ProducerRecord<>("t", null, timestampMs, KEY, null, List.of());
  }

  private static ProducerRecord<byte[], byte[]> enriched(long offset) {
    EnrichedRecord record =
        new EnrichedRecord(
            "k",
            null,
            "",
            false,
            null,
            List.of(),
            null,
            new Conversation(null, 1, 0),
            new ModelIdentity("en-chat", "9f2c41d0a7b3"),
            source(offset));
    return new ProducerRecord<>("t", KEY, EnrichedRecordJson.toJson(record));
  }
}
