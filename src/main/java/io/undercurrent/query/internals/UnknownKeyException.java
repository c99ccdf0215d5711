package io.undercurrent.query.internals;

/** Says that a key has no state from which to answer. The message does not name the key. */
public final class UnknownKeyException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final boolean foreign;

  private UnknownKeyException(String message, boolean foreign) {
    super(message);
    this.foreign = foreign;
  }

  static UnknownKeyException noState() {
    return new UnknownKeyException(
        "no record of the key was read, or a tombstone deleted its state", false);
  }

  static UnknownKeyException ofAnotherModel() {
    return new UnknownKeyException(
        "another model made the stored one; the key's next record starts from an empty state",
        true);
  }

  /** For a key that was looked for on several instances. */
  static UnknownKeyException onNoInstance() {
    return new UnknownKeyException(
        "no record of the key was read, a tombstone deleted its state, or another model made its"
            + " state",
        false);
  }

  /** Whether there is a state, which another model made. */
  boolean foreign() {
    return foreign;
  }
}
