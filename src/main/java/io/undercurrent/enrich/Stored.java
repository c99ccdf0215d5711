package io.undercurrent.enrich;

import java.util.Collections;
import java.util.SortedMap;

/**
 * What is stored of a key. Nothing in it is ever written.
 *
 * @param state after its last record; null if it has none
 * @param remembered its entries by their records' numbers; those that another model made, or that
 *     the state knows nothing of, are not read
 */
public record Stored(byte[] state, SortedMap<Long, byte[]> remembered) {

  /** Of a key that is new or was forgotten. */
  public static final Stored NOTHING = new Stored(null, Collections.emptySortedMap());
}
