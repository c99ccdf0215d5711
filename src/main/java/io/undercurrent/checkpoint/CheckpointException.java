package io.undercurrent.checkpoint;

/** A checkpoint cannot be used; the message is one line: file, key, expectation and finding. */
public final class CheckpointException extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final int MAX_CHARS = 500;

  public CheckpointException(String message) {
    super(oneLine(message));
  }

  CheckpointException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** Files of strangers have names in them: no line ends or escape codes, and no megabytes. */
  private static String oneLine(String message) {
    String line = message.replaceAll("\\p{Cntrl}", " ");
    return line.length() <= MAX_CHARS ? line : line.substring(0, MAX_CHARS) + "...";
  }
}
