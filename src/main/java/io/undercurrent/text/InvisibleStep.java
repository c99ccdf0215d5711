package io.undercurrent.text;

/**
 * Leaves out characters without width: soft hyphens, zero-width spaces and joiners, marks of the
 * writing direction. A joiner behind an emoji stays, because it makes one emoji of two.
 */
final class InvisibleStep implements TextStep {

  static final int JOINER = 0x200D;

  static boolean isInvisible(int c) {
    return c == 0xAD
        || c == 0x34F
        || c == 0x61C
        || c == 0x180E
        || c >= 0x200B && c <= 0x200F && c != JOINER
        || c >= 0x202A && c <= 0x202E
        || c >= 0x2060 && c <= 0x206F
        || c == 0xFEFF;
  }

  @Override
  public int read(String text, int limit, int at, StringBuilder out) {
    char c = text.charAt(at);
    if (c == JOINER ? isBehindEmoji(out) : !isInvisible(c)) {
      out.append(c);
    }
    return at + 1;
  }

  private static boolean isBehindEmoji(StringBuilder out) {
    if (out.length() == 0) {
      return false;
    }
    byte kind = CharacterTable.frozen().kind(out.codePointBefore(out.length()));
    return kind == CharacterTable.EMOJI || kind == CharacterTable.IGNORED;
  }
}
