package io.undercurrent.text;

import java.util.List;

/**
 * A hash table from the chars of a word to its number, so that no strings are made: open
 * addressing, linear probing, at most half full. Immutable.
 */
final class WordIndex {

  private final char[][] words; // [slot], null where empty
  private final int[] numbers; // [slot]
  private final int mask;
  private final int longest;

  /** Numbers the words from {@code first} on. */
  WordIndex(List<String> list, int first) {
    int slots = Integer.highestOneBit(Math.max(4, list.size() * 2)) * 2;
    words = new char[slots][];
    numbers = new int[slots];
    mask = slots - 1;
    int max = 0;
    for (int i = 0; i < list.size(); i++) {
      char[] word = list.get(i).toCharArray();
      int slot = hash(word, 0, word.length) & mask;
      while (words[slot] != null) {
        slot = (slot + 1) & mask;
      }
      words[slot] = word;
      numbers[slot] = first + i;
      max = Math.max(max, word.length);
    }
    longest = max;
  }

  /** The number of {@code text[from, to)}; -1 if it is not listed. */
  int find(char[] text, int from, int to) {
    if (to - from > longest) {
      return -1;
    }
    int slot = hash(text, from, to) & mask;
    while (words[slot] != null) {
      if (equal(words[slot], text, from, to)) {
        return numbers[slot];
      }
      slot = (slot + 1) & mask;
    }
    return -1;
  }

  private static boolean equal(char[] word, char[] text, int from, int to) {
    if (word.length != to - from) {
      return false;
    }
    for (int i = 0; i < word.length; i++) {
      if (word[i] != text[from + i]) {
        return false;
      }
    }
    return true;
  }

  private static int hash(char[] text, int from, int to) {
    int hash = 0;
    for (int i = from; i < to; i++) {
      hash = 31 * hash + text[i];
    }
    hash *= 0x9E3779B9;
    return hash ^ hash >>> 15;
  }
}
