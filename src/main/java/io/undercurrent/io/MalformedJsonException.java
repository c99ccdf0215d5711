package io.undercurrent.io;

/**
 * A text is not one JSON value. The message is one line that goes on from the name of the text:
 * {@code must be JSON, found: ...}.
 */
public final class MalformedJsonException extends Exception {
  private static final long serialVersionUID = 1L;

  public MalformedJsonException(String message) {
    super(message, null, false, false);
  }
}
