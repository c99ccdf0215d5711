package io.undercurrent.query.internals;

/** There is no state to answer from; the message says why, but does not name the key. */
public final class UnknownKeyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnknownKeyException(String message) {
    super(message);
  }
}
