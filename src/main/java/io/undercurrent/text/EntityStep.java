package io.undercurrent.text;

import java.util.HashMap;
import java.util.Map;

/**
 * Reads HTML's entities as the characters that they stand for, also those that were escaped several
 * times ({@code &amp;amp;lt;}). The semicolon must be there. Numbers 128 to 159 are read as
 * Windows-1252, as browsers do. Unknown names stay.
 */
final class EntityStep implements TextStep {

  private static final int MAX_NAME = 8;
  private static final int MAX_DIGITS = 7;

  /** Of U+00A0 to U+00FF, in order. */
  private static final String LATIN =
      "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn"
          + " sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest"
          + " Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc Euml Igrave"
          + " Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave"
          + " Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig"
          + " ccedil egrave eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute"
          + " ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute thorn yuml";

  private static final Object[][] OTHERS = {
    {"amp", 0x26},
    {"AMP", 0x26},
    {"lt", 0x3C},
    {"LT", 0x3C},
    {"gt", 0x3E},
    {"GT", 0x3E},
    {"quot", 0x22},
    {"QUOT", 0x22},
    {"apos", 0x27},
    {"lsquo", 0x2018},
    {"rsquo", 0x2019},
    {"sbquo", 0x201A},
    {"ldquo", 0x201C},
    {"rdquo", 0x201D},
    {"bdquo", 0x201E},
    {"lsaquo", 0x2039},
    {"rsaquo", 0x203A},
    {"ndash", 0x2013},
    {"mdash", 0x2014},
    {"horbar", 0x2015},
    {"minus", 0x2212},
    {"hellip", 0x2026},
    {"bull", 0x2022},
    {"prime", 0x2032},
    {"Prime", 0x2033},
    {"trade", 0x2122},
    {"euro", 0x20AC},
    {"hearts", 0x2665},
    {"ensp", 0x2002},
    {"emsp", 0x2003},
    {"thinsp", 0x2009},
    {"zwnj", 0x200C},
    {"zwj", 0x200D},
    {"lrm", 0x200E},
    {"rlm", 0x200F},
    {"OElig", 0x152},
    {"oelig", 0x153},
    {"Scaron", 0x160},
    {"scaron", 0x161},
    {"Yuml", 0x178},
    {"fnof", 0x192},
    {"circ", 0x2C6},
    {"tilde", 0x2DC},
    {"larr", 0x2190},
    {"rarr", 0x2192},
    {"excl", 0x21},
    {"num", 0x23},
    {"dollar", 0x24},
    {"percnt", 0x25},
    {"lpar", 0x28},
    {"rpar", 0x29},
    {"ast", 0x2A},
    {"plus", 0x2B},
    {"comma", 0x2C},
    {"period", 0x2E},
    {"sol", 0x2F},
    {"colon", 0x3A},
    {"semi", 0x3B},
    {"equals", 0x3D},
    {"quest", 0x3F},
    {"commat", 0x40},
    {"lsqb", 0x5B},
    {"lbrack", 0x5B},
    {"bsol", 0x5C},
    {"rsqb", 0x5D},
    {"rbrack", 0x5D},
    {"lowbar", 0x5F},
    {"grave", 0x60},
    {"lcub", 0x7B},
    {"lbrace", 0x7B},
    {"verbar", 0x7C},
    {"rcub", 0x7D},
    {"rbrace", 0x7D},
    {"Tab", 0x9},
    {"NewLine", 0xA}
  };

  private static final Map<String, Integer> NAMES = names();

  private static Map<String, Integer> names() {
    Map<String, Integer> names = new HashMap<>();
    int latin = 0xA0;
    for (String name : LATIN.split(" ")) {
      names.put(name, latin++);
    }
    for (Object[] other : OTHERS) {
      names.put((String) other[0], (Integer) other[1]);
    }
    return names;
  }

  @Override
  public int read(String text, int limit, int at, StringBuilder out) {
    char c = text.charAt(at);
    int codePoint = c;
    int behind = at + 1;
    while (codePoint == '&') {
      // What follows an ampersand that was itself escaped is read in the same way.
      int semicolon = semicolon(text, behind, limit);
      int decoded = semicolon < 0 ? -1 : decode(text, behind, semicolon);
      if (decoded < 0) {
        break;
      }
      codePoint = decoded;
      behind = semicolon + 1;
    }
    out.appendCodePoint(codePoint);
    return behind;
  }

  /** The index of the semicolon behind a name or number that starts here; -1 if there is none. */
  private static int semicolon(String text, int from, int limit) {
    int last = Math.min(limit, from + Math.max(MAX_NAME, 2 + MAX_DIGITS) + 1);
    int at = from;
    while (at < last
        && (TextCursor.isAsciiLetterOrDigit(text.charAt(at)) || text.charAt(at) == '#')) {
      at++;
    }
    return at < last && at > from && text.charAt(at) == ';' ? at : -1;
  }

  private static int decode(String text, int from, int to) {
    if (text.charAt(from) != '#') {
      return NAMES.getOrDefault(text.substring(from, to), -1);
    }
    boolean hexadecimal = from + 1 < to && (text.charAt(from + 1) | 0x20) == 'x';
    int first = from + (hexadecimal ? 2 : 1);
    int base = hexadecimal ? 16 : 10;
    if (first >= to || to - first > MAX_DIGITS) {
      return -1;
    }
    int number = 0;
    for (int i = first; i < to; i++) {
      int digit = TextCursor.hexadecimalDigit(text.charAt(i));
      if (digit < 0 || digit >= base) {
        return -1;
      }
      number = number * base + digit;
    }
    if (number == 0 || number > 0x10FFFF) {
      return -1;
    }
    return number >= 0x80 && number <= 0x9F ? Windows1252.codePoint(number) : number;
  }
}
