package io.undercurrent.config;

/** A setting cannot be used. The message is one line with file, key, expectation and finding. */
public final class SettingsException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public SettingsException(String message) {
    super(message);
  }
}
