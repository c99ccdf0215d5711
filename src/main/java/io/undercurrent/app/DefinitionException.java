package io.undercurrent.app;

import io.undercurrent.io.OneLine;

/**
 * Thrown for a topology definition that cannot be used. The message is one line with file, key,
 * expectation and finding.
 */
public final class DefinitionException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  DefinitionException(String file, String message) {
    super(OneLine.of(file + ": " + message));
  }
}
