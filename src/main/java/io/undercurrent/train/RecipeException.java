package io.undercurrent.train;

/**
 * A recipe or its data cannot be used; the message is one line: file, key or row, expectation and
 * finding.
 */
public final class RecipeException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public RecipeException(String message) {
    super(message);
  }

  RecipeException(String message, Throwable cause) {
    super(message, cause);
  }
}
