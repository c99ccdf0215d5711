package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.io.Json;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunIdentityTest {

  private final RunIdentity ours = new RunIdentity(Map.of("model", "a", "store", "s"), 10);

  @Test
  void shouldNameEachDifferenceWithBothValues() {
    assertThat(ours.differences(ours)).isEmpty();
    assertThat(ours.differences(new RunIdentity(Map.of("model", "b", "store", "s"), 10)))
        .containsExactly("model is a here, expected b");
  }

  /** An upgrade adds a setting: the others cannot know it yet. */
  @Test
  void shouldNotDifferInWhatOneOfThemDoesNotKnow() {
    RunIdentity older = new RunIdentity(Map.of("model", "a"), null);
    assertThat(ours.differences(older)).isEmpty();
    assertThat(older.differences(ours)).isEmpty();
    assertThat(older.isSmallerThan(ours)).isFalse();
    assertThat(ours.isSmallerThan(older)).isFalse();
    assertThat(ours.over(older)).isEqualTo(ours);
    assertThat(older.over(ours)).as("keeps what it does not know").isEqualTo(ours);
  }

  @Test
  void shouldAcceptALargerLimitOnly() {
    RunIdentity larger = new RunIdentity(ours.settings(), 11);
    assertThat(ours.isSmallerThan(larger)).isTrue();
    assertThat(larger.isSmallerThan(ours)).isFalse();
    assertThat(larger.over(ours)).isEqualTo(larger);
  }

  @Test
  void shouldReadWhatItWrites() {
    ObjectNode json = Json.STRICT.createObjectNode();
    ours.addTo(json);
    assertThat(RunIdentity.from(json)).isEqualTo(ours);
    assertThat(RunIdentity.from(Json.STRICT.createObjectNode()))
        .isEqualTo(new RunIdentity(Map.of(), null));
  }
}
