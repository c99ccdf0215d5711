package io.undercurrent.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits words as the Penn Treebank does: don't into do n't, she's into she 's, cannot into can
 * not.
 */
final class Contractions {

  /** Receives the pieces of one word, in order. */
  interface Pieces {
    /**
     * @param first whether the first letter of the whole word is in this piece
     */
    void piece(char[] text, int from, int to, boolean first);
  }

  /**
   * Words and the pieces that they are split into. Of forms without an apostrophe only unambiguous
   * ones are listed: "its", "well", "ill", "id" and "were" are not split.
   */
  private static final String[][] WHOLE = {
    {"cannot", "can", "not"},
    {"cant", "can", "n't"},
    {"can't", "can", "n't"},
    {"wont", "will", "n't"},
    {"won't", "will", "n't"},
    {"shan't", "shall", "n't"},
    {"shant", "shall", "n't"},
    {"aint", "ai", "n't"},
    {"dont", "do", "n't"},
    {"didnt", "did", "n't"},
    {"doesnt", "does", "n't"},
    {"isnt", "is", "n't"},
    {"wasnt", "was", "n't"},
    {"werent", "were", "n't"},
    {"arent", "are", "n't"},
    {"hasnt", "has", "n't"},
    {"havent", "have", "n't"},
    {"hadnt", "had", "n't"},
    {"couldnt", "could", "n't"},
    {"wouldnt", "would", "n't"},
    {"shouldnt", "should", "n't"},
    {"mustnt", "must", "n't"},
    {"neednt", "need", "n't"},
    {"im", "i", "'m"},
    {"ive", "i", "'ve"},
    {"youre", "you", "'re"},
    {"youve", "you", "'ve"},
    {"youll", "you", "'ll"},
    {"youd", "you", "'d"},
    {"theyre", "they", "'re"},
    {"theyve", "they", "'ve"},
    {"theyll", "they", "'ll"},
    {"theyd", "they", "'d"},
    {"weve", "we", "'ve"},
    {"hes", "he", "'s"},
    {"shes", "she", "'s"},
    {"thats", "that", "'s"},
    {"whats", "what", "'s"},
    {"theres", "there", "'s"},
    {"heres", "here", "'s"},
    {"wheres", "where", "'s"},
    {"whos", "who", "'s"},
    {"itll", "it", "'ll"},
    {"itd", "it", "'d"},
    {"thatll", "that", "'ll"},
    {"couldve", "could", "'ve"},
    {"wouldve", "would", "'ve"},
    {"shouldve", "should", "'ve"},
    {"mightve", "might", "'ve"},
  };

  /** Two words of text that was split before, and the one or two words they are read as. */
  private static final String[][] PAIRS = {
    {"ca", "n't", "can", "n't"}, {"wo", "n't", "will", "n't"}, {"sha", "n't", "shall", "n't"},
    {"gon", "na", "gonna"}, {"wan", "na", "wanna"}, {"got", "ta", "gotta"},
    {"gim", "me", "gimme"}, {"lem", "me", "lemme"},
  };

  private static final String[] ENDINGS = {"n't", "'s", "'re", "'ve", "'ll", "'d", "'m"};
  private static final char[][] ENDING_CHARS = chars(ENDINGS, 0);
  private static final int MAX_ENDINGS = 3;

  private static final char[][][] WHOLE_PIECES = new char[WHOLE.length][][];
  private static final WordIndex WHOLE_INDEX = wholeIndex();

  private Contractions() {}

  private static WordIndex wholeIndex() {
    List<String> words = new ArrayList<>();
    for (int i = 0; i < WHOLE.length; i++) {
      words.add(WHOLE[i][0]);
      WHOLE_PIECES[i] = chars(WHOLE[i], 1);
    }
    return new WordIndex(words, 0);
  }

  private static char[][] chars(String[] strings, int from) {
    char[][] chars = new char[strings.length - from][];
    for (int i = from; i < strings.length; i++) {
      chars[i - from] = strings[i].toCharArray();
    }
    return chars;
  }

  static void split(char[] text, int from, int to, Pieces pieces) {
    split(text, from, to, pieces, MAX_ENDINGS);
  }

  private static void split(char[] text, int from, int to, Pieces pieces, int endings) {
    int whole = WHOLE_INDEX.find(text, from, to);
    if (whole >= 0) {
      boolean first = true;
      for (char[] piece : WHOLE_PIECES[whole]) {
        pieces.piece(piece, 0, piece.length, first);
        first = false;
      }
      return;
    }
    int ending = endings == 0 ? -1 : endingOf(text, from, to);
    if (ending < 0) {
      pieces.piece(text, from, to, true);
      return;
    }
    char[] clitic = ENDING_CHARS[ending];
    int stem = to - clitic.length;
    if (stem > from) {
      split(text, from, stem, pieces, endings - 1);
    }
    pieces.piece(clitic, 0, clitic.length, stem == from);
  }

  private static int endingOf(char[] text, int from, int to) {
    for (int i = 0; i < ENDING_CHARS.length; i++) {
      char[] ending = ENDING_CHARS[i];
      int at = to - ending.length;
      if (at < from) {
        continue;
      }
      boolean equal = true;
      for (int k = 0; k < ending.length && equal; k++) {
        equal = text[at + k] == ending[k];
      }
      if (equal) {
        return i;
      }
    }
    return -1;
  }

  /** Whether the word can be the first of a pair: only then is the next token read ahead. */
  static boolean mayPair(RawToken word) {
    if (word.length > 3 || word.length < 2) {
      return false;
    }
    for (String[] pair : PAIRS) {
      if (word.is(pair[0])) {
        return true;
      }
    }
    return false;
  }

  /** The entry of {@link #PAIRS} for the two words; null if there is none. */
  static String[] pair(RawToken word, RawToken following) {
    if (following.kind == RawToken.Kind.WORD) {
      for (String[] pair : PAIRS) {
        if (word.is(pair[0]) && following.is(pair[1])) {
          return pair;
        }
      }
    }
    return null;
  }
}
