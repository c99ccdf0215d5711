package io.undercurrent.streams.internals;

import io.undercurrent.streams.LookAhead;
import java.util.Map;

/** What the threads of a look-ahead have polled, found where the interceptor finds it. */
final class PolledBy {

  private PolledBy() {}

  static Mailboxes threadsOf(LookAhead lookAhead) {
    return (Mailboxes) lookAhead.addTo(Map.of()).get("main.consumer." + Mailboxes.CONFIG);
  }
}
