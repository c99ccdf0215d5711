package io.undercurrent.io;

/**
 * Thrown for a text that is not one JSON value. The message is one line that follows the text's
 * name: {@code must be JSON, found: ...}.
 */
public final class MalformedJsonException extends Exception {
  private static final long serialVersionUID = 1L;

  public MalformedJsonException(String message) {
    super(message, null, false, false);
  }
}
