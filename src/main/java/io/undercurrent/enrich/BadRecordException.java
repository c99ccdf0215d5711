package io.undercurrent.enrich;

import io.undercurrent.metrics.DeadLetterReason;

/**
 * A record cannot be used and goes to the dead letters; processing goes on with the next one. The
 * message is the reason's code and a sentence. There is no stack trace: the record is at fault, not
 * the code.
 */
public final class BadRecordException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final DeadLetterReason reason;

  /**
   * @param sentence names what is wrong, what is expected and what was found
   */
  public BadRecordException(DeadLetterReason reason, String sentence) {
    super(reason.code() + ": " + sentence, null, false, false);
    this.reason = reason;
  }

  /** Why the record cannot be used. */
  public DeadLetterReason reason() {
    return reason;
  }
}
