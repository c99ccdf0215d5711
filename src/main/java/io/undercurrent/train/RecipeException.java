package io.undercurrent.train;

import java.util.List;

/**
 * A recipe or its data cannot be used. Each line of the message is one error: file, key or row,
 * expectation and finding.
 */
public final class RecipeException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public RecipeException(String message) {
    super(message);
  }

  RecipeException(String message, Throwable cause) {
    super(message, cause);
  }

  /**
   * @param errors at least one, each of one line
   */
  RecipeException(List<String> errors) {
    super(String.join("\n", errors));
  }
}
