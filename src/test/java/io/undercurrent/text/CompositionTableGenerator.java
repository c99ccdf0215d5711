package io.undercurrent.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;

/**
 * Writes {@code compositions.txt}: {@code java ... CompositionTableGenerator FILE}. It was run
 * once, on JDK 17 (Unicode 13). A file from a later JDK would change the tokens that existing
 * models read.
 */
final class CompositionTableGenerator {

  /**
   * For each canonical combining class the class and one character of it. The JDK has no method for
   * the class of a character, but it shows by the order of marks whose class is larger.
   */
  private static final int[][] CLASSES = {
    {1, 0x334},
    {6, 0x16FF0},
    {7, 0x93C},
    {8, 0x3099},
    {9, 0x94D},
    {10, 0x5B0},
    {11, 0x5B1},
    {12, 0x5B2},
    {13, 0x5B3},
    {14, 0x5B4},
    {15, 0x5B5},
    {16, 0x5B6},
    {17, 0x5B7},
    {18, 0x5B8},
    {19, 0x5B9},
    {20, 0x5BB},
    {21, 0x5BC},
    {22, 0x5BD},
    {23, 0x5BF},
    {24, 0x5C1},
    {25, 0x5C2},
    {26, 0xFB1E},
    {27, 0x64B},
    {28, 0x64C},
    {29, 0x64D},
    {30, 0x64E},
    {31, 0x64F},
    {32, 0x650},
    {33, 0x651},
    {34, 0x652},
    {35, 0x670},
    {36, 0x711},
    {84, 0xC55},
    {91, 0xC56},
    {103, 0xE38},
    {107, 0xE48},
    {118, 0xEB8},
    {122, 0xEC8},
    {129, 0xF71},
    {130, 0xF72},
    {132, 0xF74},
    {202, 0x321},
    {214, 0x1DCE},
    {216, 0x31B},
    {218, 0x302A},
    {220, 0x316},
    {222, 0x59A},
    {224, 0x302E},
    {226, 0x1D16D},
    {228, 0x5AE},
    {230, 0x300},
    {232, 0x315},
    {233, 0x35C},
    {234, 0x35D},
    {240, 0x345}
  };

  private CompositionTableGenerator() {}

  static String generate() {
    StringBuilder out = new StringBuilder();
    out.append("# Canonical composition, from the Unicode 13 data of JDK 17: written by\n");
    out.append("# CompositionTableGenerator. Frozen: a change here changes what existing models");
    out.append(" read.\n# class first[-last] number: the combining class of marks\n");
    out.append("# pair composed first second: two code points that are read as one\n");
    out.append("# read from to...: a code point that is always read as others\n");
    out.append("# All numbers are hexadecimal. Hangul syllables follow from a formula.\n");
    appendClasses(out);
    for (int c = 0; c < 0x110000; c++) {
      if (Character.isSurrogate((char) c) && c < 0x10000 || c >= 0xAC00 && c <= 0xD7A3) {
        continue;
      }
      String text = Character.toString(c);
      String decomposed = nfd(text);
      if (decomposed.equals(text)) {
        continue;
      }
      if (nfc(text).equals(text)) {
        int last = decomposed.codePointBefore(decomposed.length());
        String rest = nfc(decomposed.substring(0, decomposed.length() - Character.charCount(last)));
        if (rest.codePointCount(0, rest.length()) != 1) {
          throw new IllegalStateException("no pair: " + Integer.toHexString(c));
        }
        out.append("pair ").append(hex(c)).append(' ').append(hex(rest.codePointAt(0)));
        out.append(' ').append(hex(last)).append('\n');
      } else {
        out.append("read ").append(hex(c));
        decomposed.codePoints().forEach(to -> out.append(' ').append(hex(to)));
        out.append('\n');
      }
    }
    return out.toString();
  }

  private static void appendClasses(StringBuilder out) {
    int first = 0;
    while (first < 0x110000) {
      int number = classOf(first);
      int last = first;
      while (number != 0 && last + 1 < 0x110000 && classOf(last + 1) == number) {
        last++;
      }
      if (number != 0) {
        out.append("class ").append(hex(first));
        if (last > first) {
          out.append('-').append(hex(last));
        }
        out.append(' ').append(hex(number)).append('\n');
      }
      first = last + 1;
    }
  }

  private static int classOf(int c) {
    if (Character.getType(c) != Character.NON_SPACING_MARK
        && Character.getType(c) != Character.COMBINING_SPACING_MARK
        && Character.getType(c) != Character.ENCLOSING_MARK) {
      return 0;
    }
    String text = Character.toString(c);
    if (!nfd(text).equals(text)) {
      return 0;
    }
    int equal = 0;
    boolean moves = false;
    for (int[] known : CLASSES) {
      String mark = Character.toString(known[1]);
      boolean larger = nfd("q" + text + mark).equals("q" + mark + text) && c != known[1];
      boolean smaller = nfd("q" + mark + text).equals("q" + text + mark) && c != known[1];
      moves |= larger || smaller;
      if (!larger && !smaller) {
        equal = known[0];
      }
    }
    return moves ? equal : 0;
  }

  private static String nfc(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFC);
  }

  private static String nfd(String text) {
    return Normalizer.normalize(text, Normalizer.Form.NFD);
  }

  private static String hex(int number) {
    return Integer.toHexString(number);
  }

  public static void main(String[] arguments) throws IOException {
    Files.writeString(Path.of(arguments[0]), generate(), StandardCharsets.US_ASCII);
  }
}
