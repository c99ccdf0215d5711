package io.undercurrent.inference;

import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.text.Encoding;

/**
 * A record that is to be read together with records of other keys. Called on the thread that reads;
 * nothing may be thrown, for it would end the others too.
 */
public interface Unread {

  /** Its text, with at least one token. */
  Encoding encoding();

  /** Its key's state before it, which is moved on behind it. */
  HiddenState state();

  /** Its key's past records, to which it is added; null for none, and none is kept. */
  Memory memory();

  /**
   * State and memory are behind the record now, so that the key's next one can be read; the rest of
   * what the network makes of this one comes later.
   *
   * @param probabilities of the sentiment classes, in label order
   */
  void passed(float[] probabilities);

  /** All of what the network makes of it. */
  void read(Reading reading);
}
