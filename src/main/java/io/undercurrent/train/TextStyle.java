package io.undercurrent.train;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A way to write the same sentence, so that capital letters, signs and slips do not come to stand
 * for a sentiment. Only ASCII letters and signs are changed. Immutable and thread-safe.
 */
enum TextStyle {

  /** As in the file. */
  WRITTEN {
    @Override
    String apply(String text, SplittableRandom random) {
      return text;
    }
  },

  /** Capital letters at the start of each sentence and for the word "i", a full stop at the end. */
  SENTENCE {
    @Override
    String apply(String text, SplittableRandom random) {
      StringBuilder to = new StringBuilder(text);
      boolean start = true; // whether a sentence starts at this character
      for (int at = 0; at < to.length(); at++) {
        char c = to.charAt(at);
        if (isLower(c) && (start || c == 'i' && isAlone(text, at))) {
          to.setCharAt(at, (char) (c - 'a' + 'A'));
        }
        boolean afterStop = at > 0 && ".?!".indexOf(to.charAt(at - 1)) >= 0;
        start = c == ' ' ? start || afterStop : start && c == '"';
      }
      if (to.length() > 0 && isLetterOrDigit(to.charAt(to.length() - 1))) {
        to.append('.');
      }
      return to.toString();
    }
  },

  /** Small letters, without apostrophes and without punctuation at the end of words. */
  BARE {
    @Override
    String apply(String text, SplittableRandom random) {
      StringBuilder to = new StringBuilder();
      for (int at = 0; at < text.length(); at++) {
        char c = text.charAt(at);
        boolean apostrophe = c == '\'' && at > 0 && isLetterOrDigit(text.charAt(at - 1));
        if (!apostrophe && !isPunctuationAtTheEnd(text, at)) {
          to.append(c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c);
        }
      }
      String bare = to.toString();
      return bare.isBlank() ? text : bare;
    }
  },

  /** One slip in a word of five letters or more: two letters swapped, one left out, or doubled. */
  TYPO {
    @Override
    String apply(String text, SplittableRandom random) {
      List<Integer> inner = new ArrayList<>(); // letters with two letters on either side
      for (int at = 2; at + 2 < text.length(); at++) {
        if (text.chars().skip(at - 2).limit(5).allMatch(c -> isLower((char) c))) {
          inner.add(at);
        }
      }
      if (inner.isEmpty()) {
        return text;
      }
      int at = inner.get(random.nextInt(inner.size()));
      char c = text.charAt(at);
      String slip =
          switch (random.nextInt(3)) {
            case 0 -> "" + text.charAt(at + 1) + c;
            case 1 -> "" + text.charAt(at + 1);
            default -> "" + c + c + text.charAt(at + 1);
          };
      return text.substring(0, at) + slip + text.substring(at + 2);
    }
  };

  /** The text in this style. */
  abstract String apply(String text, SplittableRandom random);

  /** Whether from here to the next space, or the end, there is punctuation and nothing else. */
  private static boolean isPunctuationAtTheEnd(String text, int at) {
    int end = at;
    while (end < text.length() && ".,;:!?".indexOf(text.charAt(end)) >= 0) {
      end++;
    }
    return end > at && (end == text.length() || text.charAt(end) == ' ');
  }

  private static boolean isLower(char c) {
    return c >= 'a' && c <= 'z';
  }

  private static boolean isLetterOrDigit(char c) {
    return isLower(c) || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
  }

  /** Whether the letter is a word of its own, or the part of one before an apostrophe. */
  private static boolean isAlone(String text, int at) {
    return (at == 0 || text.charAt(at - 1) == ' ')
        && (at + 1 == text.length() || " ',.;:?!".indexOf(text.charAt(at + 1)) >= 0);
  }
}
