package io.undercurrent.streams.internals;

/**
 * Says that stored bytes are not a state, or were changed. The store is at fault and not the
 * current record. The message is one line with the expectation and the finding.
 */
public final class StateFormatException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  StateFormatException(String what, Object expected, Object found) {
    super("stored state: " + what + " must be " + expected + ", found " + found);
  }
}
