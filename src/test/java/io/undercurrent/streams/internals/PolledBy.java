package io.undercurrent.streams.internals;

import io.undercurrent.streams.LookAhead;
import java.util.Map;

/** What the threads of a look-ahead have polled, found where the interceptor finds it. */
final class PolledBy {

  private PolledBy() {}

  static PolledByThread threadsOf(LookAhead lookAhead) {
    return (PolledByThread) lookAhead.addTo(Map.of()).get("main.consumer." + PolledByThread.CONFIG);
  }
}
