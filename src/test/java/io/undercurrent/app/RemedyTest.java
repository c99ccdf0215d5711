package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.StreamsException;
import org.junit.jupiter.api.Test;

/** {@code FaultsIT} shows where these failures come from. */
class RemedyTest {

  @Test
  void shouldSayWhatToDoBeforeARestart() {
    assertThat(message(new RuntimeException("While appending to file: No space left on device")))
        .endsWith(
            "No space left on device; make space on the disk of state.dir: a restart continues"
                + " after the last commit");
    assertThat(message(new RuntimeException("While open a file: Too many open files")))
        .contains("; allow the process more open files (ulimit -n): a restart continues");
    assertThat(message(new TopicAuthorizationException("out")))
        .contains("; give its user that right again: a restart continues");
    assertThat(message(new RuntimeException("else")))
        .endsWith(
            "; fix that first: a restart continues after the last commit and may stop there again");
  }

  private static String message(RuntimeException cause) {
    return ThreadFailures.message(
        new StreamsException(new ProcessorStateException("cannot write the store", cause)));
  }
}
