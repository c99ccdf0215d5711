package io.undercurrent.app.checks;

import io.undercurrent.io.OneLine;
import java.util.Locale;

/**
 * What a check found.
 *
 * @param check the name of the check
 * @param found one sentence without its full stop
 * @param remedy what to do, one sentence without its full stop; empty if there is nothing to do
 */
public record Finding(String check, Result result, String found, String remedy) {

  /** How it is. */
  public enum Result {
    OK,
    WARNING,
    FAILED,
    /** Failed, but it may pass by itself. */
    NOT_YET,
    /** It could not be found out. */
    UNKNOWN;

    @Override
    public String toString() {
      return switch (this) {
        case OK -> "ok";
        case WARNING -> "warning";
        case FAILED, NOT_YET -> "failed";
        case UNKNOWN -> "not known";
      };
    }
  }

  /** A broker's text must not add lines. */
  public Finding {
    found = OneLine.of(found);
    remedy = OneLine.of(remedy);
  }

  /** Whether the application cannot run because of it. */
  public boolean isFailure() {
    return result == Result.FAILED || result == Result.NOT_YET;
  }

  /** One line: the check, what it found, and what to do. */
  public String line() {
    return check + ": " + found + (remedy.isEmpty() ? "" : ". " + sentence(remedy));
  }

  private static String sentence(String text) {
    return text.substring(0, 1).toUpperCase(Locale.ROOT) + text.substring(1);
  }
}
