package io.undercurrent.app;

/** A topology definition cannot be used; one line: file, key, expectation and finding. */
public final class DefinitionException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  DefinitionException(String file, String message) {
    super(file + ": " + message);
  }
}
