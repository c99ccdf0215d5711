package io.undercurrent.enrich;

import io.undercurrent.metrics.DeadLetterReason;

/**
 * Says that a record cannot be used. With {@code DeadLetterHandler} the record goes to the dead
 * letters and processing continues with the next one. The message is the reason's code and a
 * sentence. There is no stack trace, because the record is at fault and not the code.
 */
public final class BadRecordException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final DeadLetterReason reason;

  /**
   * @param sentence names the thing, what is expected and what was found
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
