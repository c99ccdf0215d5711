package io.undercurrent.query.internals;

/** Says that a key has no state from which to answer. The message does not name the key. */
public final class UnknownKeyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UnknownKeyException(String message) {
    super(message);
  }
}
