package io.undercurrent.text;

import java.util.Arrays;

/**
 * A text as a {@link Normalizer} read it, and for each of its chars where in the original text it
 * comes from. Immutable; belongs to one encoding.
 */
final class NormalizedText {

  private final String text;
  private final int length;
  private final int originalLength;

  /**
   * For each char the index in the original text behind the piece that it was read from; null if
   * nothing was changed. Chars with the same number come from one piece.
   */
  private final int[] ends;

  private NormalizedText(String text, int length, int originalLength, int[] ends) {
    this.text = text;
    this.length = length;
    this.originalLength = originalLength;
    this.ends = ends;
  }

  /** The start of {@code original} as it is. */
  static NormalizedText same(String original, int limit) {
    return new NormalizedText(original, limit, limit, null);
  }

  /** The text, as if it ended at {@link #length}. */
  String text() {
    return text;
  }

  int length() {
    return length;
  }

  /** Chars of the original text that were read. */
  int originalLength() {
    return originalLength;
  }

  /** This text rewritten by one more step; this object itself if the step changes nothing. */
  NormalizedText rewrite(TextStep step) {
    StringBuilder out = new StringBuilder(length + 16);
    int[] newEnds = new int[length + 16];
    for (int at = 0; at < length; ) {
      int from = out.length();
      int behind = step.read(text, length, at, out);
      if (out.length() > newEnds.length) {
        newEnds = Arrays.copyOf(newEnds, Math.max(out.length(), newEnds.length * 2));
      }
      boolean same = isSame(at, behind, out, from);
      for (int i = from; i < out.length(); i++) {
        newEnds[i] = originalEnd(same ? at + i - from + 1 : behind);
      }
      at = behind;
    }
    String rewritten = out.toString();
    if (rewritten.length() == length && text.startsWith(rewritten)) {
      return this;
    }
    return new NormalizedText(rewritten, rewritten.length(), originalLength, newEnds);
  }

  /** Whether a piece was read as it is. Then each of its chars counts as a piece of its own. */
  private boolean isSame(int at, int behind, StringBuilder out, int from) {
    if (behind - at != out.length() - from) {
      return false;
    }
    for (int i = at; i < behind; i++) {
      if (text.charAt(i) != out.charAt(from + i - at)) {
        return false;
      }
    }
    return true;
  }

  /** Whether the original text can be cut where the char at this index begins. */
  boolean isBoundary(int at) {
    return ends == null || at == 0 || at >= length || ends[at - 1] != ends[at];
  }

  /**
   * The index in the original text behind what the chars before {@code at} were read from; where
   * {@code at} is no boundary, behind the piece around it.
   */
  int originalEnd(int at) {
    if (ends == null) {
      return at;
    }
    return at == 0 ? 0 : ends[at - 1];
  }
}
