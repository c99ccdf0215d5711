package io.undercurrent.serve;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.app.EnrichedTopic;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.KeyEncoding;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.Test;

class LiveFeedTest {

  private int opened;
  private int asked; // whether all records were read
  private String problem; // null for none
  private BiConsumer<byte[], EnrichedRecord> topic;

  private final LiveFeed feed =
      new LiveFeed(
          (lookBack, listener) -> {
            opened++;
            topic = listener;
            return new EnrichedTopic() {
              @Override
              public boolean caughtUp() {
                asked++;
                return problem == null;
              }

              @Override
              public Optional<String> problem() {
                return Optional.ofNullable(problem);
              }

              @Override
              public void close() {
                topic = null;
              }
            };
          },
          KeyEncoding.TEXT);

  private static EnrichedRecord record(String key, long number, String text) {
    return new EnrichedRecord(
        key,
        null,
        text,
        false,
        null,
        List.of(),
        null,
        new Conversation(null, number, 0),
        new ModelIdentity("m", "0"),
        null);
  }

  private void receive(String key, long number, String text) {
    topic.accept(key.getBytes(UTF_8), record(key, number, text));
  }

  @Test
  void shouldFollowOnlyWhileThereIsAViewer() throws Exception {
    assertThat(opened).isZero();
    try (Viewer one = feed.view(null);
        Viewer two = feed.view(null)) {
      assertThat(opened).isEqualTo(1);
      receive("k", 1, "a");
      assertThat(one.take(5, 1_000)).hasSize(1);
      assertThat(two.take(5, 1_000)).hasSize(1);
    }
    assertThat(feed.status().viewers()).isZero();
  }

  @Test
  void shouldContinueAfterTheLastEventOfAReturningViewer() throws Exception {
    String last;
    try (Viewer viewer = feed.view(null)) {
      receive("k", 1, "a");
      receive("k", 2, "b");
      List<LiveRecord> taken = viewer.take(1, 1_000);
      last = feed.id(taken.get(0));
    }
    receive("k", 3, "c");
    try (Viewer viewer = feed.view(last)) {
      assertThat(viewer.returning()).isTrue();
      assertThat(viewer.take(9, 0)).extracting(e -> e.record().text()).containsExactly("b", "c");
    }
    for (String other : List.of("", "nonsense", last + "9", last.replaceFirst("-.*", "-9-1"))) {
      try (Viewer viewer = feed.view(other)) {
        assertThat(viewer.returning()).isFalse();
        assertThat(viewer.take(9, 0)).hasSize(3);
      }
    }
  }

  @Test
  void shouldKeepABoundedNumberOfRecords() {
    feed.view(null);
    for (int i = 1; i <= 3 * LiveFeed.KEPT; i++) {
      receive("k" + i % 7, i, "a");
    }
    assertThat(feed.status().records()).isEqualTo(3 * LiveFeed.KEPT);
    int kept = 0;
    for (int key = 0; key < 7; key++) {
      kept += feed.last(new KeyText("k" + key, null), Integer.MAX_VALUE).size();
    }
    assertThat(kept).isEqualTo(LiveFeed.KEPT);

    for (int i = 0; i < 200; i++) { // one key each, so that keys are evicted too
      receive("long" + i, 1, "a".repeat(2 * LiveRecord.KEPT_CHARS));
    }
    assertThat(feed.keys())
        .hasSizeLessThanOrEqualTo(LiveFeed.KEPT_CHARS / LiveRecord.KEPT_CHARS)
        .contains(new KeyText("long199", null));
    assertThat(feed.last(new KeyText("long199", null), 9).get(0).text())
        .hasSizeLessThanOrEqualTo(LiveRecord.KEPT_CHARS + 1);
  }

  @Test
  void shouldDropTheRecordsOfAForgottenKey() throws Exception {
    try (Viewer viewer = feed.view(null)) {
      receive("k", 1, "a");
      topic.accept("k".getBytes(UTF_8), null);
      assertThat(feed.keys()).isEmpty();
      assertThat(viewer.take(9, 0))
          .extracting(e -> e.summary(true).has("forgotten"))
          .containsExactly(false, true);
      receive("k", 1, "b");
      assertThat(feed.last(new KeyText("k", null), 9)).hasSize(1);
    }
  }

  /** It would wait for three seconds at each question otherwise. */
  @Test
  void shouldNotWaitForATopicThatItMayNotRead() {
    problem = "not permitted";
    assertThat(feed.problem()).as("nobody has asked yet").isEmpty();
    assertThat(feed.last(new KeyText("k", null), 9)).isEmpty();
    assertThat(asked).isEqualTo(1);
    assertThat(feed.problem()).contains("not permitted");
  }

  @Test
  void shouldDropTheOldestEventsOfASlowViewer() throws Exception {
    try (Viewer viewer = feed.view(null)) {
      for (int i = 1; i <= Viewer.QUEUE + 500; i++) {
        receive("k", i, "a");
      }
      assertThat(viewer.leftOut()).isEqualTo(500);
      assertThat(viewer.take(1, 0).get(0).number()).isEqualTo(501);
    }
  }
}
