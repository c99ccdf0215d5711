package io.undercurrent.checkpoint;

/**
 * Says why a checkpoint cannot be used. The message is one line: file, key, expectation and
 * finding.
 */
public final class CheckpointException extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final int MAX_CHARS = 500;

  public CheckpointException(String message) {
    super(oneLine(message));
  }

  CheckpointException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** Text from foreign files must not bring line ends, escape codes or megabytes into a log. */
  private static String oneLine(String message) {
    String line = message.replaceAll("\\p{Cntrl}", " ");
    return line.length() <= MAX_CHARS ? line : line.substring(0, MAX_CHARS) + "...";
  }
}
