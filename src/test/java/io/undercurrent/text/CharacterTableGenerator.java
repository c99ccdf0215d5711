package io.undercurrent.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Writes {@code characters.txt}: {@code java ... CharacterTableGenerator FILE}. It was run once, on
 * JDK 17 (Unicode 13). A file from a later JDK would change the tokens that existing models read.
 */
final class CharacterTableGenerator {

  /**
   * Extended_Pictographic of emoji-data 13, without the signs that prose uses as signs (copyright,
   * trade mark, ...).
   */
  private static final int[][] EMOJI = {
    {0x231A, 0x231B},
    {0x2328, 0x2328},
    {0x2388, 0x2388},
    {0x23CF, 0x23CF},
    {0x23E9, 0x23F3},
    {0x23F8, 0x23FA},
    {0x25B6, 0x25B6},
    {0x25C0, 0x25C0},
    {0x2600, 0x2605},
    {0x2607, 0x2612},
    {0x2614, 0x2685},
    {0x2690, 0x2705},
    {0x2708, 0x2712},
    {0x2714, 0x2714},
    {0x2716, 0x2716},
    {0x271D, 0x271D},
    {0x2721, 0x2721},
    {0x2728, 0x2728},
    {0x2733, 0x2734},
    {0x2744, 0x2744},
    {0x2747, 0x2747},
    {0x274C, 0x274C},
    {0x274E, 0x274E},
    {0x2753, 0x2755},
    {0x2757, 0x2757},
    {0x2763, 0x2767},
    {0x2795, 0x2797},
    {0x27A1, 0x27A1},
    {0x27B0, 0x27B0},
    {0x27BF, 0x27BF},
    {0x2B05, 0x2B07},
    {0x2B1B, 0x2B1C},
    {0x2B50, 0x2B50},
    {0x2B55, 0x2B55},
    {0x3030, 0x3030},
    {0x303D, 0x303D},
    {0x3297, 0x3297},
    {0x3299, 0x3299},
    {0x1F000, 0x1F0FF},
    {0x1F10D, 0x1F10F},
    {0x1F12F, 0x1F12F},
    {0x1F16C, 0x1F171},
    {0x1F17E, 0x1F17F},
    {0x1F18E, 0x1F18E},
    {0x1F191, 0x1F19A},
    {0x1F1AD, 0x1F1E5},
    {0x1F201, 0x1F20F},
    {0x1F21A, 0x1F21A},
    {0x1F22F, 0x1F22F},
    {0x1F232, 0x1F23A},
    {0x1F23C, 0x1F23F},
    {0x1F249, 0x1F3FA},
    {0x1F400, 0x1F53D},
    {0x1F546, 0x1F64F},
    {0x1F680, 0x1F6FF},
    {0x1F774, 0x1F77F},
    {0x1F7D5, 0x1F7FF},
    {0x1F80C, 0x1F80F},
    {0x1F848, 0x1F84F},
    {0x1F85A, 0x1F85F},
    {0x1F888, 0x1F88F},
    {0x1F8AE, 0x1F8FF},
    {0x1F90C, 0x1F93A},
    {0x1F93C, 0x1F945},
    {0x1F947, 0x1FAFF},
    {0x1FC00, 0x1FFFD}
  };

  /**
   * Typographic forms and the characters that they are read as. Long dashes are read as U+2014,
   * which never joins words.
   */
  private static final int[][] ALIASES = {
    {0x60, '\''},
    {0xB4, '\''},
    {0x2018, '\''},
    {0x2019, '\''},
    {0x201A, '\''},
    {0x201B, '\''},
    {0x2032, '\''},
    {0x2BC, '\''},
    {0x2B9, '\''},
    {0xAB, '"'},
    {0xBB, '"'},
    {0x201C, '"'},
    {0x201D, '"'},
    {0x201E, '"'},
    {0x201F, '"'},
    {0x2033, '"'},
    {0x2010, '-'},
    {0x2011, '-'},
    {0x2012, 0x2014},
    {0x2013, 0x2014},
    {0x2015, 0x2014},
    {0x2212, 0x2014},
    {0x2665, 0x2764},
    {0x2661, 0x2764},
    {0x3002, '.'},
    {0x3001, ','}
  };

  private final byte[] kinds = new byte[0x110000];
  private final int[] folds = new int[0x110000];

  private CharacterTableGenerator() {
    for (int c = 0; c < kinds.length; c++) {
      folds[c] = c;
      kinds[c] = kindOf(c);
      if (kinds[c] == CharacterTable.UPPER) {
        folds[c] = Character.toLowerCase(c);
      } else if (kinds[c] == CharacterTable.DIGIT) {
        folds[c] = '0' + Character.digit(c, 10);
      }
    }
    for (int[] range : EMOJI) {
      for (int c = range[0]; c <= range[1]; c++) {
        kinds[c] = CharacterTable.EMOJI;
      }
    }
    for (int c = 0x1F1E6; c <= 0x1F1FF; c++) {
      kinds[c] = CharacterTable.REGIONAL;
    }
    for (int c = 0x1F3FB; c <= 0x1F3FF; c++) { // skin tones
      kinds[c] = CharacterTable.IGNORED;
    }
    for (int c = 0xFF01; c <= 0xFF5E; c++) { // full-width ASCII
      alias(c, c - 0xFF01 + '!');
    }
    for (int[] alias : ALIASES) {
      alias(alias[0], alias[1]);
    }
  }

  private void alias(int from, int to) {
    kinds[from] = CharacterTable.ALIAS;
    folds[from] = to;
  }

  private static byte kindOf(int c) {
    if (c == 0x200B || c == 0x2028 || c == 0x2029 || Character.isWhitespace(c)) {
      return CharacterTable.SPACE;
    }
    if (c == 0x20E3) { // keycap
      return CharacterTable.IGNORED;
    }
    if (c >= 0xFE00 && c <= 0xFE0F || c >= 0xE0100 && c <= 0xE01EF) { // variation selectors
      return CharacterTable.IGNORED;
    }
    return switch (Character.getType(c)) {
      case Character.SPACE_SEPARATOR, Character.CONTROL, Character.SURROGATE ->
          CharacterTable.SPACE;
      case Character.FORMAT -> CharacterTable.IGNORED;
      case Character.UPPERCASE_LETTER, Character.TITLECASE_LETTER ->
          Character.toLowerCase(c) == c ? CharacterTable.LETTER : CharacterTable.UPPER;
      case Character.LOWERCASE_LETTER, Character.MODIFIER_LETTER, Character.OTHER_LETTER ->
          CharacterTable.LETTER;
      case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK ->
          CharacterTable.MARK;
      case Character.DECIMAL_DIGIT_NUMBER -> CharacterTable.DIGIT;
      default -> CharacterTable.SYMBOL;
    };
  }

  private String table() {
    StringBuilder out = new StringBuilder();
    out.append("# What each code point is, from the Unicode 13 data of JDK 17: written by\n");
    out.append(
        "# CharacterTableGenerator. Frozen: a change here changes what existing models read.\n");
    out.append("# kind first[-last[/stride]] [offset to what it is read as], hexadecimal\n");
    int c = 0;
    while (c < kinds.length) {
      if (kinds[c] == CharacterTable.SYMBOL) {
        c++;
        continue;
      }
      int last = c;
      while (last + 1 < kinds.length && same(c, last + 1)) {
        last++;
      }
      int stride = 1;
      if (last == c && c + 2 < kinds.length && kinds[c] == CharacterTable.UPPER) {
        // Upper and lower case alternate over long ranges; lower case has lines of its own.
        int odd = c;
        while (odd + 2 < kinds.length && same(c, odd + 2) && isPlainLetter(odd + 1)) {
          odd += 2;
        }
        if (odd > c) {
          stride = 2;
          line(out, CharacterTable.LETTER, c + 1, odd + 1, 2, 0, isPlainLetter(odd + 1));
          last = odd;
        }
      }
      line(out, kinds[c], c, last, stride, folds[c] - c, true);
      c = stride == 2 && isPlainLetter(last + 1) ? last + 2 : last + 1;
    }
    return out.toString();
  }

  private static void line(
      StringBuilder out, byte kind, int first, int last, int stride, int offset, boolean whole) {
    int end = whole ? last : last - stride;
    if (end < first) {
      return;
    }
    out.append(CharacterTable.name(kind)).append(' ').append(Integer.toHexString(first));
    if (end > first) {
      out.append('-').append(Integer.toHexString(end));
      if (stride > 1) {
        out.append('/').append(stride);
      }
    }
    if (offset != 0) {
      out.append(' ').append(offset > 0 ? "+" : "-").append(Integer.toHexString(Math.abs(offset)));
    }
    out.append('\n');
  }

  private boolean same(int a, int b) {
    return kinds[a] == kinds[b] && folds[a] - a == folds[b] - b;
  }

  private boolean isPlainLetter(int c) {
    return kinds[c] == CharacterTable.LETTER;
  }

  static String generate() {
    return new CharacterTableGenerator().table();
  }

  public static void main(String[] arguments) throws IOException {
    Files.writeString(Path.of(arguments[0]), generate(), StandardCharsets.US_ASCII);
  }
}
