package io.undercurrent.enrich;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A record cannot be used and goes to the dead letters; processing goes on with the next one. The
 * message is the reason's code and a sentence. There is no stack trace: the record is at fault, not
 * the code.
 */
public final class BadRecordException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Why a record cannot be used. A closed set: the codes are values of a metric tag. */
  public enum Reason {
    NULL_KEY,
    INVALID_UTF8,
    MALFORMED_JSON,
    MISSING_TEXT,
    TEXT_NOT_A_STRING,
    MISSING_KEY,
    KEY_NOT_SCALAR,
    /** The key is in the value, and there is no value. */
    TOMBSTONE_WITHOUT_KEY,
    /** The enriched record would be larger than the producer may send. */
    TOO_LARGE,
    /** A number of the key's next state or of the result would be infinite, or none. */
    NOT_FINITE,
    /** A key or value that a serde could not read. */
    DESERIALIZATION,
    /** A key or value that a serde could not write. */
    SERIALIZATION,
    OTHER;

    /** As it stands in metrics and dead letters: {@code null-key}. */
    public String code() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The codes of all reasons. */
    public static List<String> codes() {
      return Arrays.stream(values()).map(Reason::code).toList();
    }
  }

  private final Reason reason;

  public BadRecordException(Reason reason, String sentence) {
    super(reason.code() + ": " + sentence, null, false, false);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
