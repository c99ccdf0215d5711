package io.undercurrent.measure;

/** Thrown where a measurement fails. The message is one line for the user. */
public final class MeasureException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MeasureException(String message) {
    super(message);
  }

  MeasureException(String message, Throwable cause) {
    super(message, cause);
  }
}
