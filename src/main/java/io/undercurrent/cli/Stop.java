package io.undercurrent.cli;

import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

/**
 * How the process ends: by Ctrl-C or SIGTERM, or because its command has ended.
 *
 * <p>A command that runs until it is stopped exits with 0 after a signal, from the first moment of
 * {@code main} on. It says with {@link #by} what a signal does while it holds something that must
 * be closed. Thread-safe.
 */
final class Stop {

  /** The commands for which a signal is an ordinary end. */
  private static final Set<String> STOPPED_BY_SIGNAL = Set.of("run", "demo", "play");

  /** Shorter than the 40 s after which our deployments kill the process. */
  private static final Duration PATIENCE = Duration.ofSeconds(35);

  /** What the hooks of libraries may take. */
  private static final Duration HOOKS = Duration.ofSeconds(10);

  /** What printing the last line may take: nobody may read standard error. */
  private static final Duration PRINTING = Duration.ofSeconds(2);

  private static final CompletableFuture<Integer> EXIT_CODE = new CompletableFuture<>();
  private static volatile boolean requested;
  private static volatile Runnable closing; // null while nothing must be closed

  private Stop() {}

  /** Called first of all. */
  static void watch(String... arguments) {
    boolean ordinary =
        Stream.of(arguments)
            .filter(argument -> !argument.startsWith("-"))
            .findFirst()
            .filter(STOPPED_BY_SIGNAL::contains)
            .isPresent();
    if (ordinary) {
      Runtime.getRuntime().addShutdownHook(new Thread(Stop::onSignal, "stop"));
    }
  }

  /**
   * From now on a signal calls this in a thread of its own, and then waits for the command's end.
   */
  static void by(Runnable close) {
    closing = close;
    if (requested) { // the signal came a moment before
      close.run();
    }
  }

  /** Whether a signal came. */
  static boolean requested() {
    return requested;
  }

  private static void onSignal() {
    if (EXIT_CODE.isDone()) {
      return; // this is the end that exit asked for
    }
    requested = true;
    haltAfter(PATIENCE, 1, "error: not stopped within %d s".formatted(PATIENCE.toSeconds()));
    try {
      Runnable close = closing;
      if (close != null) {
        close.run();
        int code = EXIT_CODE.join();
        if (code != 0) {
          halt(code); // the error has been printed
        }
      }
      halt(0, "stopped");
    } catch (RuntimeException | Error e) {
      halt(OneLineErrors.exitCode(e), "error: not stopped cleanly: " + OneLineErrors.line(e, true));
    }
  }

  /** Ends the JVM at once, after one line: on standard error if the code is not 0. */
  static void halt(int code, String line) {
    after(PRINTING, () -> Runtime.getRuntime().halt(code));
    (code == 0 ? System.out : System.err).println(line);
    (code == 0 ? System.out : System.err).flush();
    halt(code);
  }

  private static void halt(int code) {
    try {
      UnpackedLibraries.delete();
    } finally {
      Runtime.getRuntime().halt(code);
    }
  }

  /** Ends the JVM, whatever else runs. Does not return. */
  static void exit(int code) {
    EXIT_CODE.complete(code);
    after(HOOKS, () -> Runtime.getRuntime().halt(code));
    System.exit(code); // after a signal this only waits for the hook
  }

  /** Ends the JVM after some time, with one line, unless the thread is interrupted before. */
  static Thread haltAfter(Duration time, int code, String line) {
    return after(time, () -> halt(code, line));
  }

  private static Thread after(Duration time, Runnable halt) {
    Thread watchdog =
        new Thread(
            () -> {
              try {
                Thread.sleep(time.toMillis());
                halt.run();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // it is not needed any more
              }
            },
            "halt");
    watchdog.setDaemon(true);
    try {
      watchdog.start();
    } catch (OutOfMemoryError e) { // there are no more threads
      halt.run();
    }
    return watchdog;
  }
}
