package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.config.UndercurrentConfig;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** A heap that is too small for the model itself is in {@link CommandsIT}. */
class HeapTest {

  @TempDir private Path folder;

  /** The table of the vocabulary alone has 16,000 rows of 4 gates of 320 floats. */
  @Test
  void shouldCountTheTablesThatAModelIsLoadedInto() {
    assertThat(Heap.bytes(Checkpoint.readConfig(Checkpoint.DEFAULT)))
        .isBetween(16_000L * 4 * 320 * 4, 130_000_000L);
  }

  @Test
  void shouldWarnOfSettingsThatNeedALargerHeap() throws Exception {
    String model = SmallModel.write(folder).toString();
    assertThat(warnings(model, "1000")).isEmpty();
    assertThat(warnings(model, Long.toString(2 * Heap.max())))
        .startsWith("the heap of " + Heap.mebibytes(Heap.max()) + " MB is small. Under load ")
        .contains(Heap.mebibytes(2 * Heap.max()) + " for statestore.cache.max.bytes")
        .contains("Set UNDERCURRENT_JAVA_OPTS=-Xmx");
  }

  private static String warnings(String model, String cacheBytes) {
    Logger logger = (Logger) LoggerFactory.getLogger(Heap.class);
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    logged.start();
    logger.addAppender(logged);
    try {
      Heap.load(
          model,
          UndercurrentConfig.of(
              Map.of(
                  "application.id", "heap",
                  "bootstrap.servers", "127.0.0.1:1",
                  "statestore.cache.max.bytes", cacheBytes)));
    } finally {
      logger.detachAppender(logged);
    }
    return String.join("\n", logged.list.stream().map(ILoggingEvent::getFormattedMessage).toList());
  }
}
