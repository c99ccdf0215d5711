package io.undercurrent.fuzz;

/** A claim about the messages of exceptions: one line of a bounded length. */
public final class OneLineMessage {

  private static final int MAX_CHARS = 2_000;

  private OneLineMessage() {}

  /** Fails if the message is missing, too long, or could start a line of its own in a log. */
  public static void check(Throwable e) {
    String message = e.getMessage();
    if (message == null
        || message.isBlank()
        || message.length() > MAX_CHARS
        || message.chars().anyMatch(c -> c < ' ' || c == 0x7f)) {
      throw new AssertionError(
          "the message must be one line of at most %d chars, found %s"
              .formatted(MAX_CHARS, message),
          e);
    }
  }
}
