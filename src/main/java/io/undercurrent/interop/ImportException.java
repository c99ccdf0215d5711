package io.undercurrent.interop;

/**
 * Thrown for a foreign model that cannot be imported. The message is one line with file, layer or
 * array, expectation and finding.
 */
public final class ImportException extends RuntimeException {

  private static final long serialVersionUID = 1L;
  private static final int MAX_CHARS = 500;

  ImportException(String message) {
    super(oneLine(message));
  }

  ImportException(String message, Throwable cause) {
    super(oneLine(message), cause);
  }

  /** Names in foreign files may hold line ends and escape codes, and may be megabytes long. */
  private static String oneLine(String message) {
    String line = message.replaceAll("\\p{Cntrl}", " ");
    return line.length() <= MAX_CHARS ? line : line.substring(0, MAX_CHARS) + "...";
  }
}
