package io.undercurrent.query;

/**
 * Says that a query cannot be answered now, because states are being restored or moved. The message
 * says why; the same query may succeed later.
 */
public final class NotAvailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NotAvailableException(String message, Throwable cause) {
    super(message, cause);
  }

  public NotAvailableException(String message) {
    super(message);
  }
}
