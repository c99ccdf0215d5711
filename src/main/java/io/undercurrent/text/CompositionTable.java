package io.undercurrent.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Unicode's data for canonical composition, frozen in {@code compositions.txt}. Immutable.
 *
 * <p>The JDK's own normaliser is not used: JDK 17 and 25 know different characters, and the same
 * text must give the same tokens on both.
 */
final class CompositionTable {

  private static final String RESOURCE = "compositions.txt";
  private static final int PLANES = 0x30000; // no code point behind plane 2 is in the table

  // The formula of Hangul syllables: Unicode standard, section 3.12.
  private static final int SYLLABLES = 0xAC00;
  private static final int LEADS = 0x1100;
  private static final int VOWELS = 0x1161;
  private static final int TAILS = 0x11A7;
  private static final int LEAD_COUNT = 19;
  private static final int VOWEL_COUNT = 21;
  private static final int TAIL_COUNT = 28;
  private static final int SYLLABLE_COUNT = LEAD_COUNT * VOWEL_COUNT * TAIL_COUNT;

  private static final CompositionTable FROZEN = load();

  private final byte[] classes = new byte[PLANES];
  private final BitSet extending = new BitSet(PLANES);
  private final BitSet changing = new BitSet(PLANES);
  private final Map<Integer, int[]> decompositions = new HashMap<>();
  private final Map<Long, Integer> pairs = new HashMap<>();

  private CompositionTable() {}

  static CompositionTable frozen() {
    return FROZEN;
  }

  /** The canonical combining class; 0 if the code point is no mark that has one. */
  int combiningClass(int c) {
    return c < PLANES ? classes[c] & 0xFF : 0;
  }

  /** Whether the code point may be joined to the one before it, or change places with it. */
  boolean extendsPiece(int c) {
    return c >= 0x300 && c < PLANES && extending.get(c);
  }

  /** Whether a text with this code point may not be in form C yet. */
  boolean mayChange(int c) {
    return c >= 0x300 && c < PLANES && changing.get(c);
  }

  /** Writes the full decomposition from {@code count} on; returns the new count. */
  int decompose(int c, int[] points, int count) {
    int at = count;
    if (c >= SYLLABLES && c < SYLLABLES + SYLLABLE_COUNT) {
      int syllable = c - SYLLABLES;
      points[at++] = LEADS + syllable / (VOWEL_COUNT * TAIL_COUNT);
      points[at++] = VOWELS + syllable % (VOWEL_COUNT * TAIL_COUNT) / TAIL_COUNT;
      if (syllable % TAIL_COUNT != 0) {
        points[at++] = TAILS + syllable % TAIL_COUNT;
      }
      return at;
    }
    int[] decomposition = decompositions.get(c);
    if (decomposition == null) {
      points[at++] = c;
      return at;
    }
    for (int part : decomposition) {
      points[at++] = part;
    }
    return at;
  }

  /** The code point that the two are read as; -1 if they stay two. */
  int compose(int first, int second) {
    int lead = first - LEADS;
    int vowel = second - VOWELS;
    if (lead >= 0 && lead < LEAD_COUNT && vowel >= 0 && vowel < VOWEL_COUNT) {
      return SYLLABLES + (lead * VOWEL_COUNT + vowel) * TAIL_COUNT;
    }
    int syllable = first - SYLLABLES;
    int tail = second - TAILS;
    if (syllable >= 0
        && syllable < SYLLABLE_COUNT
        && syllable % TAIL_COUNT == 0
        && tail > 0
        && tail < TAIL_COUNT) {
      return first + tail;
    }
    return pairs.getOrDefault(pair(first, second), -1);
  }

  private static long pair(int first, int second) {
    return (long) first << 32 | second;
  }

  private void add(String line) {
    String[] fields = line.split(" ");
    int first = Integer.parseInt(fields[1].split("-")[0], 16);
    switch (fields[0]) {
      case "class" -> {
        int last = Integer.parseInt(fields[1].substring(fields[1].indexOf('-') + 1), 16);
        for (int c = first; c <= last; c++) {
          classes[c] = (byte) Integer.parseInt(fields[2], 16);
        }
        extending.set(first, last + 1);
      }
      case "pair" -> {
        int[] parts = parts(fields);
        decompositions.put(first, parts);
        pairs.put(pair(parts[0], parts[1]), first);
        extending.set(parts[1]);
      }
      default -> {
        decompositions.put(first, parts(fields));
        changing.set(first);
      }
    }
  }

  private static int[] parts(String[] fields) {
    int[] parts = new int[fields.length - 2];
    for (int i = 0; i < parts.length; i++) {
      parts[i] = Integer.parseInt(fields[i + 2], 16);
    }
    return parts;
  }

  /** Follows decompositions to their end, and derives which code points may change a text. */
  private void complete() {
    extending.set(VOWELS, VOWELS + VOWEL_COUNT);
    extending.set(TAILS + 1, TAILS + TAIL_COUNT);
    Map<Integer, int[]> whole = new HashMap<>();
    for (Integer c : decompositions.keySet()) {
      List<Integer> full = new ArrayList<>();
      addFull(c, full);
      whole.put(c, full.stream().mapToInt(Integer::intValue).toArray());
      if (combiningClass(full.get(0)) != 0) {
        extending.set(c);
      }
    }
    decompositions.putAll(whole);
    changing.or(extending);
  }

  private void addFull(int c, List<Integer> full) {
    int[] parts = decompositions.get(c);
    if (parts == null) {
      full.add(c);
      return;
    }
    for (int part : parts) {
      addFull(part, full);
    }
  }

  private static CompositionTable load() {
    CompositionTable table = new CompositionTable();
    try (InputStream in = CompositionTable.class.getResourceAsStream(RESOURCE);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.isEmpty() && line.charAt(0) != '#') {
          table.add(line);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE, e);
    }
    table.complete();
    return table;
  }
}
