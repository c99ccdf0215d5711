package io.undercurrent.query;

/** No answer for now, because states are on their way; the message says what is going on. */
public final class NotAvailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NotAvailableException(String message, Throwable cause) {
    super(message, cause);
  }

  public NotAvailableException(String message) {
    super(message);
  }
}
