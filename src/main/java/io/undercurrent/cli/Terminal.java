package io.undercurrent.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStream;
import java.util.Map;
import picocli.CommandLine.Help.Ansi;

/** Describes the terminal. The launcher passes it in system properties. */
final class Terminal {

  private static final int DEFAULT_COLUMNS = 140;

  private Terminal() {}

  /** Whether standard output is a terminal. */
  static boolean isOutput() {
    return Boolean.getBoolean("undercurrent.stdout.terminal");
  }

  /**
   * Standard output for data: on a terminal all text is {@linkplain Printable printable}, so it is
   * not the bytes that other programs get.
   *
   * @return a buffered stream; the caller flushes it
   */
  static OutputStream data() {
    OutputStream out = new BufferedOutputStream(new FileOutputStream(FileDescriptor.out), 1 << 16);
    return isOutput() ? new PrintableStream(out, false) : out;
  }

  /** The width of a line, in columns. */
  static int columns() {
    return Integer.getInteger("undercurrent.stdout.columns", DEFAULT_COLUMNS);
  }

  /**
   * Whether to write escape codes to standard output. Picocli's {@link Ansi#AUTO} is of no use,
   * because it tests for a console, which always exists since JDK 22.
   */
  static Ansi ansi() {
    return ansi(isOutput(), System.getenv());
  }

  /** The same for help and errors, which go to standard output and standard error. */
  static Ansi ansiOfBoth() {
    boolean both = isOutput() && Boolean.getBoolean("undercurrent.stderr.terminal");
    return ansi(both, System.getenv());
  }

  /**
   * Whether to write escape codes.
   *
   * @param terminal whether the output is a terminal
   * @param environment the environment variables; a {@code NO_COLOR} that is not empty, or {@code
   *     TERM=dumb}, turns escape codes off
   */
  static Ansi ansi(boolean terminal, Map<String, String> environment) {
    boolean refused = !environment.getOrDefault("NO_COLOR", "").isEmpty();
    boolean dumb = "dumb".equals(environment.get("TERM"));
    return terminal && !refused && !dumb ? Ansi.ON : Ansi.OFF;
  }
}
