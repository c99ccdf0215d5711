package io.undercurrent.inference;

import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.text.Encoding;

/**
 * A record that {@link Inference#read(java.util.List)} reads: it brings the tokens and its key's
 * state, and receives the reading and the next state. Read once. Owned by one thread.
 */
public final class PendingRecord {

  private final Encoding encoding;
  private final long number; // of the record among its key's, from 1
  private final PendingRecord previous; // of the same key and batch; null if there is none
  private PendingRecord next; // the record that follows this one; null if there is none
  private HiddenState state;
  private Memory memory; // null for none
  private Reading reading; // null before it is read

  /**
   * A record that starts from a state.
   *
   * @param state the key's state before the record; reading changes it into the state after the
   *     record
   * @param memory the key's past records, to which reading adds this one; null to read and keep
   *     none
   * @param number of the record among its key's, from 1
   */
  public PendingRecord(Encoding encoding, HiddenState state, Memory memory, long number) {
    this.encoding = encoding;
    this.state = state;
    this.memory = memory;
    this.number = number;
    previous = null;
  }

  /**
   * A record that starts from the state after another record of its key in the same batch.
   *
   * @param previous not yet read, and not yet followed by another record
   */
  public PendingRecord(Encoding encoding, PendingRecord previous) {
    if (previous.next != null || previous.reading != null) {
      throw new IllegalStateException("a record must be followed by one record, before it is read");
    }
    this.encoding = encoding;
    this.previous = previous;
    number = previous.number + 1;
    previous.next = this;
  }

  Encoding encoding() {
    return encoding;
  }

  long number() {
    return number;
  }

  PendingRecord next() {
    return next;
  }

  boolean hasPrevious() {
    return previous != null;
  }

  /** Takes over the state and memory after the previous record. */
  void follow() {
    state = previous.state.copy();
    memory = previous.memory == null ? null : previous.memory.copy();
  }

  void complete(Reading reading) {
    this.reading = reading;
  }

  /** The key's state: before the record, and after it once the record is read. */
  public HiddenState state() {
    return state;
  }

  /** The key's past records, with this one once it is read; null if none are kept. */
  public Memory memory() {
    return memory;
  }

  /** The network's reading of the record; null before it is read. */
  public Reading reading() {
    return reading;
  }
}
