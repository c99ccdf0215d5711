package io.undercurrent.streams.internals;

/**
 * Stored bytes are no state that this version can read. Never about the record at hand, always
 * about the store: processing has to stop. The message is one line: expectation and finding.
 */
public final class StateFormatException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  StateFormatException(String what, Object expected, Object found) {
    super("stored state: " + what + " must be " + expected + ", found " + found);
  }
}
