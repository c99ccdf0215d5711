package io.undercurrent.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * The kind of every code point, and the code point that it is read as; both are frozen in {@code
 * characters.txt}. Immutable.
 *
 * <p>A line of the resource is {@code kind first[-last[/stride]] [+|-offset]}, all hexadecimal,
 * where code point plus offset is what the code point is read as: the lower case of an upper-case
 * letter, the ASCII form of a digit or a typographic quote. Code points that no line names are
 * symbols.
 */
final class CharacterTable {

  static final byte SYMBOL = 0;
  static final byte SPACE = 1;

  /**
   * Dropped, because it only changes how its neighbours look: variation selectors, joiners, skin
   * tones.
   */
  static final byte IGNORED = 2;

  static final byte LETTER = 3;

  /** A letter that has a lower case of its own. */
  static final byte UPPER = 4;

  static final byte MARK = 5;
  static final byte DIGIT = 6;
  static final byte EMOJI = 7;

  /** Regional indicator: two of them make a flag. */
  static final byte REGIONAL = 8;

  /** Read as another code point, with that one's kind. */
  static final byte ALIAS = 9;

  private static final String[] KINDS = {
    "symbol", "space", "ignored", "letter", "upper", "mark", "digit", "emoji", "regional", "alias"
  };

  private static final String RESOURCE = "characters.txt";
  private static final int DENSE = 0x20000; // planes 0 and 1: one entry a code point
  private static final CharacterTable FROZEN = load();

  private final byte[] kinds = new byte[DENSE];
  private final int[] folds = new int[DENSE];
  private int[] sparseFirst = {};
  private int[] sparseLast = {};
  private byte[] sparseKind = {};

  private CharacterTable() {
    for (int codePoint = 0; codePoint < DENSE; codePoint++) {
      folds[codePoint] = codePoint;
    }
  }

  static CharacterTable frozen() {
    return FROZEN;
  }

  static String name(byte kind) {
    return KINDS[kind];
  }

  byte kind(int codePoint) {
    if (codePoint < DENSE) {
      return kinds[codePoint];
    }
    for (int i = 0; i < sparseFirst.length; i++) {
      if (codePoint >= sparseFirst[i] && codePoint <= sparseLast[i]) {
        return sparseKind[i];
      }
    }
    return SYMBOL;
  }

  /**
   * What the code point is read as: its lower case, the character that an alias or digit stands
   * for, otherwise itself.
   */
  int fold(int codePoint) {
    return codePoint < DENSE ? folds[codePoint] : codePoint;
  }

  private void add(String line) {
    String[] fields = line.split(" ");
    byte kind = (byte) Arrays.asList(KINDS).indexOf(fields[0]);
    int slash = fields[1].indexOf('/');
    int stride = slash < 0 ? 1 : Integer.parseInt(fields[1].substring(slash + 1), 16);
    String[] range = (slash < 0 ? fields[1] : fields[1].substring(0, slash)).split("-");
    int first = Integer.parseInt(range[0], 16);
    int last = Integer.parseInt(range[range.length - 1], 16);
    int offset = fields.length < 3 ? 0 : Integer.parseInt(fields[2], 16);
    if (first >= DENSE) {
      addSparse(kind, first, last);
      return;
    }
    for (int codePoint = first; codePoint <= last; codePoint += stride) {
      kinds[codePoint] = kind;
      folds[codePoint] = codePoint + offset;
    }
  }

  private void addSparse(byte kind, int first, int last) {
    int n = sparseFirst.length;
    sparseFirst = Arrays.copyOf(sparseFirst, n + 1);
    sparseLast = Arrays.copyOf(sparseLast, n + 1);
    sparseKind = Arrays.copyOf(sparseKind, n + 1);
    sparseFirst[n] = first;
    sparseLast[n] = last;
    sparseKind[n] = kind;
  }

  private static CharacterTable load() {
    CharacterTable table = new CharacterTable();
    try (InputStream in = CharacterTable.class.getResourceAsStream(RESOURCE);
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
    return table;
  }
}
