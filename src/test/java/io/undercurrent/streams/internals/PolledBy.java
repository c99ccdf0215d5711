package io.undercurrent.streams.internals;

import io.undercurrent.streams.LookAhead;
import java.util.Map;

/** Finds the polled records of a look-ahead in the configuration, as the interceptor does. */
final class PolledBy {

  private PolledBy() {}

  static PolledByThread threadsOf(LookAhead lookAhead) {
    return (PolledByThread) lookAhead.addTo(Map.of()).get("main.consumer." + PolledByThread.CONFIG);
  }
}
