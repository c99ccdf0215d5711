package io.undercurrent.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;

/**
 * Keeps personal names out of the vocabulary. It rejects the names on a list, the nicknames by
 * which chats address somebody, and the words that cased texts mostly write with a capital letter
 * inside sentences. Proper nouns on another list pass.
 */
final class NameRule {

  /** Above this share of capital letters inside sentences a word is a proper noun. */
  private static final double MAX_CAPITAL_SHARE = 0.6;

  /** Below this number of cased occurrences inside sentences, case is no evidence. */
  private static final int MIN_CASED = 5;

  /**
   * Where case is no evidence, a word is common if at least this many records of uncased texts
   * contain it.
   */
  private static final int MIN_UNCASED_RECORDS = 8;

  /**
   * A word of at most this many chars that is mostly written in capitals is an acronym, not a name.
   */
  private static final int MAX_ACRONYM = 5;

  private static final int MIN_ADDRESSED = 3;

  /**
   * A word is a nickname if it addresses somebody more often than this for each time it stands
   * elsewhere.
   */
  private static final double MAX_ADDRESSED = 1;

  /** The same for a word that is also the name of a document, which is its author. */
  private static final double MAX_ADDRESSED_AUTHOR = 0.3;

  private static final Set<String> PROPER_NOUNS = words("proper-nouns.txt");
  private static final Set<String> PERSONAL_NAMES = words("personal-names.txt");

  private NameRule() {}

  /**
   * Whether the vocabulary leaves this token out: it is a name, or nothing shows that it is not.
   *
   * @param author whether a document has this name
   */
  static boolean isName(String word, TokenCount count, boolean author) {
    if (PERSONAL_NAMES.contains(word) || isNickname(count, author)) {
      return true;
    }
    return count.word
        && word.length() > 1
        && !PROPER_NOUNS.contains(word)
        && !isCommon(word, count);
  }

  /**
   * Whether records address somebody by this token ("somebody: hello"). Fewer of them suffice if an
   * author has that name.
   */
  private static boolean isNickname(TokenCount count, boolean author) {
    double max = author ? MAX_ADDRESSED_AUTHOR : MAX_ADDRESSED;
    int elsewhere = count.lower + count.capitalised + count.allCaps;
    return count.addressed >= MIN_ADDRESSED && count.addressed > max * elsewhere;
  }

  private static boolean isCommon(String word, TokenCount count) {
    int cased = count.lower + count.capitalised;
    if (count.allCaps >= MIN_CASED && count.allCaps > cased && word.length() <= MAX_ACRONYM) {
      return true;
    }
    if (cased < MIN_CASED) {
      return count.uncasedRecords >= MIN_UNCASED_RECORDS && count.capitalised <= count.lower;
    }
    return count.capitalised <= MAX_CAPITAL_SHARE * cased;
  }

  static Set<String> properNouns() {
    return Collections.unmodifiableSet(PROPER_NOUNS);
  }

  static Set<String> personalNames() {
    return Collections.unmodifiableSet(PERSONAL_NAMES);
  }

  private static Set<String> words(String resource) {
    Set<String> words = new HashSet<>();
    try (InputStream in = NameRule.class.getResourceAsStream(resource);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("#") && !line.isBlank()) {
          words.addAll(Arrays.asList(line.trim().split(" +")));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + resource, e);
    }
    return words;
  }
}
