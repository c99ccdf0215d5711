package io.undercurrent.inference;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.LetterModel;
import org.junit.jupiter.api.Test;

class KeyStateTest {

  private final KeyState fresh = KeyState.fresh(LetterModel.of(1));

  @Test
  void shouldKeepTheLatestTimestamp() {
    KeyState state = after(fresh, 2, 50L);

    assertThat(after(state, 1, 40L).lastTimestampMs()).isEqualTo(50);
    assertThat(after(state, 1, null).lastTimestampMs()).isEqualTo(50);
    assertThat(after(state, 1, 60L).lastTimestampMs()).isEqualTo(60);
    assertThat(after(state, 3, 60L).tokens()).isEqualTo(5);
    assertThat(after(state, 3, 60L).records()).isEqualTo(2);
  }

  private static KeyState after(KeyState state, int tokens, Long timestampMs) {
    return state.afterRecord(tokens, timestampMs, 0.5, state.hidden(), null);
  }
}
