package io.undercurrent.app.checks;

import java.util.List;
import java.util.stream.Collectors;

/** Thrown where the application is not started because checks failed. One line for each. */
public final class ChecksFailedException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public ChecksFailedException(List<Finding> failed) {
    super(failed.stream().map(Finding::line).collect(Collectors.joining("\n")));
  }
}
