package io.undercurrent.streams.internals;

/**
 * Says that a later version wrote a state or a memory entry. It is intact, so the application must
 * stop: if it went on, the key would lose its state.
 */
public final class NewerStateException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  NewerStateException(String what, int newest, int found) {
    super(
        "stored state: %s is %d, and this version reads up to %d: a later version wrote it, so run that version"
            .formatted(what, found, newest));
  }
}
