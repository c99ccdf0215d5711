package io.undercurrent.cli;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxy;
import ch.qos.logback.core.AppenderBase;

/**
 * Ends the process when a thread was out of memory, with one line and the exit code {@value
 * #EXIT_CODE}: other threads would go on, and wait for that one for ever.
 *
 * <p>The launcher's JVM option {@code ExitOnOutOfMemoryError} does the same for the heap, but not
 * for threads and not for buffers outside the heap. Kafka's clients and Jetty catch the error in
 * their own threads and log it. So this is an appender of our logging configuration, which sees
 * every error that is logged.
 */
public final class OutOfMemory extends AppenderBase<ILoggingEvent> {

  static final int EXIT_CODE = 3;

  /** Called by Logback. */
  public OutOfMemory() {}

  @Override
  protected void append(ILoggingEvent event) {
    if (event.getThrowableProxy() instanceof ThrowableProxy logged) {
      OutOfMemoryError error = in(logged.getThrowable());
      if (error != null) {
        Stop.halt(EXIT_CODE, "error: " + line(error));
      }
    }
  }

  /** The error in a chain of causes; null if there is none. */
  static OutOfMemoryError in(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof OutOfMemoryError error) {
        return error;
      }
    }
    return null;
  }

  /** What happened and what to do. */
  static String line(OutOfMemoryError error) {
    String what = String.valueOf(error.getMessage());
    String remedy;
    if (what.contains("thread")) {
      remedy =
          "raise the number of processes that the system allows (ulimit -u, or the container's"
              + " limit of pids)";
    } else if (what.contains("direct")) {
      remedy = "set -XX:MaxDirectMemorySize=512m in UNDERCURRENT_JAVA_OPTS, or a larger heap";
    } else {
      remedy =
          "the heap has %d MB: set a larger one, for example UNDERCURRENT_JAVA_OPTS=-Xmx%dm"
              .formatted(Heap.mebibytes(Heap.max()), 2 * Heap.mebibytes(Heap.max()));
    }
    return "out of memory (%s): %s".formatted(what, remedy);
  }
}
