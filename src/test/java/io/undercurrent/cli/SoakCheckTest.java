package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.cli.SoakCheck.Place;
import io.undercurrent.cli.SoakPlan.Fault;
import io.undercurrent.cli.SoakPlan.Step;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.junit.jupiter.api.Test;

class SoakCheckTest {

  private static final String A = line(0, "a");
  private static final String B = line(1, "b");
  private static final String C = line(3, "c");
  private static final Map<String, List<String>> EXPECTED = Map.of("k", List.of(A, B, C));
  private static final Set<Place> BAD = Set.of(new Place(0, 2));

  @Test
  void shouldFindNothingInTheExpectedOutput() throws Exception {
    SoakCheck check = check(List.of(A, B, C), 2);

    assertThat(check.isClean()).isTrue();
    assertThat(check.examples()).isEmpty();
  }

  @Test
  void shouldCountLostRecordsAndLetters() throws Exception {
    assertThat(check(List.of(A, C)).lost()).isEqualTo(2);
  }

  @Test
  void shouldCountDoubledRecordsAndLetters() throws Exception {
    assertThat(check(List.of(A, B, B, C), 2, 2).doubled()).isEqualTo(2);
  }

  @Test
  void shouldCountRecordsOutOfOrder() throws Exception {
    SoakCheck check = check(List.of(B, A, C), 2);

    assertThat(check.outOfOrder()).isOne();
    assertThat(check.diverged()).isZero();
  }

  @Test
  void shouldCountOtherBytesAndLettersOfGoodRecords() throws Exception {
    SoakCheck check = check(List.of(A, line(1, "other"), C), 2, 3);

    assertThat(check.diverged()).isEqualTo(2);
    assertThat(check.isClean()).isFalse();
  }

  @Test
  void shouldReplayThePlanOfASeed() {
    Set<Fault> all = Set.of(Fault.values());
    SoakPlan plan = SoakPlan.of(7, 40, all, 2, 3);

    assertThat(SoakPlan.of(7, 40, all, 2, 3)).isEqualTo(plan);
    assertThat(SoakPlan.of(8, 40, all, 2, 3)).isNotEqualTo(plan);
    assertThat(plan.steps()).hasSize(40).extracting(Step::fault).contains(Fault.values());
  }

  private static SoakCheck check(List<String> lines, long... letterOffsets) throws Exception {
    List<ConsumerRecord<byte[], byte[]>> enriched = new ArrayList<>();
    for (String line : lines) {
      enriched.add(new ConsumerRecord<>("enriched", 0, enriched.size(), bytes("k"), bytes(line)));
    }
    List<ConsumerRecord<byte[], byte[]>> letters = new ArrayList<>();
    for (long offset : letterOffsets) {
      ConsumerRecord<byte[], byte[]> letter =
          new ConsumerRecord<>("letters", 0, letters.size(), bytes("k"), bytes("no JSON"));
      letter.headers().add("__streams.errors.partition", bytes("0"));
      letter.headers().add("__streams.errors.offset", bytes(Long.toString(offset)));
      letters.add(letter);
    }
    return SoakCheck.of(EXPECTED, BAD, enriched, letters);
  }

  private static String line(long offset, String text) {
    return "{\"key\":\"k\",\"text\":\"%s\",\"source\":{\"partition\":0,\"offset\":%d}}"
        .formatted(text, offset);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
