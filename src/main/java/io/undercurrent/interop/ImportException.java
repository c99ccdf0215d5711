package io.undercurrent.interop;

import io.undercurrent.io.OneLine;

/**
 * Thrown for a foreign model that cannot be imported. The message is one line with file, layer or
 * array, expectation and finding.
 */
public final class ImportException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  ImportException(String message) {
    super(OneLine.of(message));
  }

  ImportException(String message, Throwable cause) {
    super(OneLine.of(message), cause);
  }
}
