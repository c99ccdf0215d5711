package io.undercurrent.checkpoint;

/** A checkpoint cannot be used; the message is one line: file, key, expectation and finding. */
public final class CheckpointException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public CheckpointException(String message) {
    super(message);
  }

  CheckpointException(String message, Throwable cause) {
    super(message, cause);
  }
}
