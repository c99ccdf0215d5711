package io.undercurrent.app;

/** Thrown where the app cannot start or continue. The message is one line for the user. */
public final class AppException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public AppException(String message) {
    super(message);
  }

  public AppException(String message, Throwable cause) {
    super(message, cause);
  }

  /** One line: the first line of the failure and, if it has one, of its root cause. */
  public static String oneLine(Throwable failure) {
    Throwable root = failure;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root == failure ? line(failure) : line(failure) + "; cause: " + line(root);
  }

  private static String line(Throwable failure) {
    String message = failure.getMessage();
    String name = failure.getClass().getSimpleName();
    return message == null || message.isBlank()
        ? name
        : name + ": " + message.strip().lines().findFirst().orElse("");
  }
}
