package io.undercurrent.inference;

import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.text.Encoding;

/**
 * A record on its way through {@link Inference#read(java.util.List)}: the text and its key's state
 * go in, the reading and the next state come out. Read once. Owned by one thread.
 */
public final class PendingRecord {

  private final Encoding encoding;
  private final long number; // among the key's records, from 1
  private final PendingRecord previous; // of the same key and batch; null if there is none
  private PendingRecord next; // the one whose previous is this
  private HiddenState state;
  private Memory memory; // null for none
  private Reading reading; // null before it is read

  /**
   * A record that goes on from a state.
   *
   * @param state the key's state before the record; reading it changes it to the state after
   * @param memory the key's past records, to which this one is added; null for none, and none is
   *     kept
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
   * A record that goes on from where another one of its key and batch ends.
   *
   * @param previous not yet read, and followed by no other
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

  /** Starts from where the previous record has ended. */
  void follow() {
    state = previous.state.copy();
    memory = previous.memory == null ? null : previous.memory.copy();
  }

  void complete(Reading reading) {
    this.reading = reading;
  }

  /** The key's state: before the record until that is read, then after it. */
  public HiddenState state() {
    return state;
  }

  /** The key's past records, with this one once it is read; null for none. */
  public Memory memory() {
    return memory;
  }

  /** What the network made of it; null before it is read. */
  public Reading reading() {
    return reading;
  }
}
