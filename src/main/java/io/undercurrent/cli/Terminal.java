package io.undercurrent.cli;

import java.util.Map;
import picocli.CommandLine.Help.Ansi;

/** What standard output is, as the launcher says it in system properties. */
final class Terminal {

  private static final int DEFAULT_COLUMNS = 140;

  private Terminal() {}

  /** Whether somebody looks at standard output as it comes. */
  static boolean isOutput() {
    return Boolean.getBoolean("undercurrent.stdout.terminal");
  }

  /** Chars of a line. */
  static int columns() {
    return Integer.getInteger("undercurrent.stdout.columns", DEFAULT_COLUMNS);
  }

  /**
   * Whether escape codes are written to standard output. Picocli's own guess, {@link Ansi#AUTO},
   * asks whether there is a console, which since JDK 22 there always is.
   */
  static Ansi ansi() {
    return ansi(isOutput(), System.getenv());
  }

  /** The same for what goes to standard output and standard error: help and errors. */
  static Ansi ansiOfBoth() {
    boolean both = isOutput() && Boolean.getBoolean("undercurrent.stderr.terminal");
    return ansi(both, System.getenv());
  }

  /**
   * The same of any terminal.
   *
   * @param environment {@code NO_COLOR} of any value but the empty one asks for none, and so does a
   *     {@code TERM} of {@code dumb}
   */
  static Ansi ansi(boolean terminal, Map<String, String> environment) {
    boolean refused = !environment.getOrDefault("NO_COLOR", "").isEmpty();
    boolean dumb = "dumb".equals(environment.get("TERM"));
    return terminal && !refused && !dumb ? Ansi.ON : Ansi.OFF;
  }
}
