package io.undercurrent.train;

import io.undercurrent.model.Labels;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * All sentences of the suites, to leave them out of training. Another spelling of a sentence is
 * recognised too: see {@link #plain}. Immutable.
 *
 * <p>A conversation of a suite is recognised as one record, and as records that follow one another;
 * its last turn alone is not. Texts of one word or sign, such as a single emoji, are too usual to
 * be left out. Models with other labels are not measured with the suites, so nothing is left out
 * for them.
 */
final class SuiteTexts {

  private static final int MAX_TURNS = 3; // of a conversation in the suites

  private final Set<String> texts = new HashSet<>(); // plain

  /**
   * @param labels of the model
   */
  SuiteTexts(Labels labels) {
    if (!labels.areSentiment()) {
      return;
    }
    Stream.of(
            NegationSuite.pairs().stream()
                .flatMap(pair -> Stream.of(pair.positive(), pair.negative())),
            IdentitySuite.sentences().stream().map(IdentitySuite.Sentence::text),
            Stream.of(BehaviourSuite.conversations(), EllipsisSuite.conversations())
                .flatMap(Collection::stream)
                .map(conversation -> String.join(" ", conversation.turns())))
        .flatMap(text -> text)
        .map(SuiteTexts::plain)
        .filter(plain -> plain.indexOf(' ') > 0)
        .forEach(texts::add);
  }

  /** Whether a record, alone or after the records before it, is a sentence of a suite. */
  boolean has(List<Corpus.Item> conversation, int record) {
    String text = "";
    for (int i = record; i >= Math.max(0, record - MAX_TURNS + 1); i--) {
      text = plain(conversation.get(i).text() + " " + text);
      if (texts.contains(text)) {
        return true;
      }
    }
    return false;
  }

  /** The text in lower case without apostrophes and signs. Letters beyond ASCII and emoji stay. */
  static String plain(String text) {
    StringBuilder plain = new StringBuilder();
    boolean gap = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isWord(c)) {
        if (gap && plain.length() > 0) {
          plain.append(' ');
        }
        gap = false;
        plain.append(c >= 'A' && c <= 'Z' ? (char) (c + 'a' - 'A') : c);
      } else if (c != '\'' && c != '\u2019' && c != '\uFE0F') { // FE0F: show as an emoji
        gap = true;
      }
    }
    return plain.toString();
  }

  private static boolean isWord(char c) {
    if (c < 0x80) {
      return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9';
    }
    boolean punctuation = c >= 0x2000 && c <= 0x206F; // spaces, dashes, quotation marks
    return !punctuation && c >= 0xA1 && c != '\uFE0F';
  }
}
