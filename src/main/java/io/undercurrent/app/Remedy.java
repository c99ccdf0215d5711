package io.undercurrent.app;

import java.util.Optional;
import org.apache.kafka.common.errors.AuthorizationException;

/** What to do about a failure that the machine or the cluster causes, and not a record. */
final class Remedy {

  private Remedy() {}

  /** What to do before a restart; empty for a failure that is not known here. */
  static Optional<String> of(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      String message = String.valueOf(cause.getMessage());
      if (message.contains("No space left on device")) {
        return Optional.of("make space on the disk of state.dir");
      }
      if (message.contains("Too many open files")) {
        return Optional.of("allow the process more open files (ulimit -n)");
      }
      if (cause instanceof AuthorizationException) {
        return Optional.of("give its user that right again");
      }
    }
    return Optional.empty();
  }
}
