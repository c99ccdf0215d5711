package io.undercurrent.checkpoint;

import io.undercurrent.io.OneLine;

/**
 * Says why a checkpoint cannot be used. The message is one line: file, key, expectation and
 * finding.
 */
public final class CheckpointException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public CheckpointException(String message) {
    super(OneLine.of(message));
  }

  CheckpointException(String message, Throwable cause) {
    super(OneLine.of(message), cause);
  }
}
