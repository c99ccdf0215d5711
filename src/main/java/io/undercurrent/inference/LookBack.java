package io.undercurrent.inference;

import io.undercurrent.model.ContinuousCache;
import io.undercurrent.model.Memory;
import io.undercurrent.model.RecordAttention;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The part of a key's history that influenced a record.
 *
 * @param records past records with the largest attention weights, heaviest first
 * @param nothing the attention weight that went to no record; the weights of all past records and
 *     this one add up to 1. NaN for a network without attention
 * @param tokens past tokens with the largest weight in the cache when the first words of the next
 *     record were predicted, heaviest first; the record's own tokens are among them
 */
public record LookBack(List<Past> records, float nothing, List<ContinuousCache.Pair> tokens) {

  /** The maximum number of past records that are listed. */
  static final int RECORDS = 3;

  /** The maximum number of past tokens that are listed. */
  static final int TOKENS = 5;

  /**
   * The part of a key's history that influenced a record.
   *
   * @param attended see {@link #attended}
   * @param attention after the record's sentiment was computed; null for a network without it
   * @param cache after the record's next tokens were computed; null for a network without it
   * @param words (V) whether a token may be listed
   * @return null for a network that never looks back
   */
  public static LookBack of(
      List<Past> attended,
      RecordAttention.Scratch attention,
      ContinuousCache cache,
      boolean[] words) {
    if (attention == null && cache == null) {
      return null;
    }
    return new LookBack(
        attended,
        attention == null ? Float.NaN : attention.nothing(),
        cache == null ? List.of() : cache.heaviest(words, TOKENS));
  }

  /**
   * The past records that the sentiment was drawn from, heaviest first.
   *
   * @param memory the key's past records, without this one; null for none
   * @param attention after the record's sentiment was computed; null for a network without it
   */
  static List<Past> attended(Memory memory, RecordAttention.Scratch attention) {
    return attention == null || memory == null ? List.of() : heaviest(memory.entries(), attention);
  }

  /**
   * The past records with the largest weights, heaviest first. Of two equal weights the newer
   * record comes first.
   *
   * @param past the key's records, oldest first; the attention looked at the last ones
   */
  static List<Past> heaviest(List<Memory.Entry> past, RecordAttention.Scratch attention) {
    List<Past> records = new ArrayList<>();
    int count = attention.count();
    for (int i = count - 1; i >= 0; i--) {
      Memory.Entry entry = past.get(past.size() - count + i);
      records.add(new Past(entry.record(), entry.tokens(), attention.weight(i)));
    }
    records.sort(Comparator.comparing((Past p) -> -p.weight())); // stable: the newest stay first
    return List.copyOf(records.subList(0, Math.min(records.size(), RECORDS)));
  }

  /**
   * A past record.
   *
   * @param record its number among the key's records, from 1
   * @param tokens its token ids
   * @param weight its attention weight
   */
  public record Past(long record, int[] tokens, float weight) {}
}
