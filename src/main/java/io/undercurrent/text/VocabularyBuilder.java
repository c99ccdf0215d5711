package io.undercurrent.text;

import io.undercurrent.text.RawToken.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Counts tokens of training texts and chooses the vocabulary: the tokens found in most records, of
 * which none is a personal name. The same texts in any order give the same list. Not thread-safe;
 * no argument or result is null.
 *
 * <p>A word counts as a name when cased texts write it with a capital letter inside sentences most
 * of the time, when there is too little evidence of it in lower case, or when {@code
 * personal-names.txt} lists it; days, countries, languages and other proper nouns that are no names
 * of people stay, by {@code proper-nouns.txt}.
 */
public final class VocabularyBuilder {

  /**
   * Most documents that are told apart for one word; {@link Settings#minDocuments} cannot ask for
   * more.
   */
  public static final int MAX_MIN_DOCUMENTS = 64;

  private static final int MAX_EMOJI = 150;
  private static final int MAX_WORD_CHARS = 24;

  /** A number is worth a token of its own up to this many digits. */
  private static final int MAX_NUMBER_CHARS = 4;

  /** Above this share of capital letters inside sentences a word is a proper noun. */
  private static final double MAX_CAPITAL_SHARE = 0.6;

  /** Fewer cased occurrences inside sentences than this say nothing. */
  private static final int MIN_CASED = 5;

  /**
   * Without cased evidence, a word is taken for common if this many records without case hold it.
   */
  private static final int MIN_UNCASED_RECORDS = 8;

  /** Mostly written in capitals and no longer than this: an acronym, no name. */
  private static final int MAX_ACRONYM = 5;

  private static final int MIN_ADDRESSED = 3;

  /** Addressing somebody by it, for each time it stands elsewhere: above this it is a nickname. */
  private static final double MAX_ADDRESSED = 1;

  /** The same for tokens that are the name of a document, which is then an author. */
  private static final double MAX_ADDRESSED_AUTHOR = 0.3;

  /**
   * A record with more capitalised words than this share is a headline: its capitals say nothing.
   */
  private static final double MAX_HEADLINE_SHARE = 0.5;

  private static final String SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_{|}~";

  private static final List<String> EMOTICONS =
      List.of(
          ":)", ":(", ":D", ":P", ":O", ":/", ":|", ":*", ":3", ":S", ":X", ":$", ":@", ":'(",
          ":')", ";)", ";D", ";P", ">:(", ">:)", "<3", "</3", "^_^", "-_-", "._.", ">_<", ";_;",
          "*_*", "=_=", "\\o/", "xd", "o_o", "t_t", "x_x", "u_u");

  /** Without a letter of its own, but with a letter's meaning in every text. */
  private static final List<String> CLITICS =
      List.of("n't", "'s", "'re", "'ve", "'ll", "'d", "'m", "'t", "'em");

  private static final Set<String> PROPER_NOUNS = words("proper-nouns.txt");
  private static final Set<String> PERSONAL_NAMES = words("personal-names.txt");

  private final Map<String, Count> counts = new HashMap<>();
  private final Map<String, Integer> documents = new HashMap<>();
  private final Set<String> authors = new HashSet<>();
  private int records;

  /**
   * What to choose.
   *
   * @param maxSize most tokens in the vocabulary, the special ones included
   * @param minDocuments documents (authors) that must use a token, 1 to {@value #MAX_MIN_DOCUMENTS}
   */
  public record Settings(int maxSize, int minDocuments) {
    public Settings {
      int least = Special.count() + alwaysIn().size();
      if (maxSize < least) {
        throw new IllegalArgumentException(
            "maxSize must be at least " + least + ", found " + maxSize);
      }
      if (minDocuments < 1 || minDocuments > MAX_MIN_DOCUMENTS) {
        throw new IllegalArgumentException(
            "minDocuments must be 1 to " + MAX_MIN_DOCUMENTS + ", found " + minDocuments);
      }
    }
  }

  /** What was seen of one token. */
  static final class Count {
    private int[] documents = new int[2];
    private int documentCount;
    private int lastRecord = -1;
    int records;
    int uncasedRecords;
    boolean word;
    boolean emoji;
    int lower;
    int capitalised;
    int allCaps;

    /** Records that begin with it and a colon: how a chat addresses somebody. */
    int addressed;

    private void seen(int document, int record, boolean cased) {
      if (lastRecord != record) {
        lastRecord = record;
        records++;
        uncasedRecords += cased ? 0 : 1;
      }
      if (documentCount == MAX_MIN_DOCUMENTS) {
        return;
      }
      for (int i = documentCount - 1; i >= 0; i--) {
        if (documents[i] == document) {
          return;
        }
      }
      if (documentCount == documents.length) {
        documents = Arrays.copyOf(documents, documentCount * 4);
      }
      documents[documentCount++] = document;
    }

    int documents() {
      return documentCount;
    }
  }

  /**
   * Counts the tokens of one record.
   *
   * @param document who wrote it or where it stands: what {@link Settings#minDocuments} counts
   * @param cased whether the source keeps capital letters
   */
  public void add(String document, String text, boolean cased) {
    Integer known = documents.putIfAbsent(document, documents.size());
    int documentId = known == null ? documents.size() - 1 : known;
    if (known == null) {
      addAuthor(document);
    }
    new Record(documentId, cased).count(new Scanner(text, text.length()));
    records++;
  }

  private void addAuthor(String document) {
    RawToken name = new RawToken();
    new Scanner(document, document.length()).next(name);
    if (name.end == document.length()) {
      authors.add(new String(name.text, 0, name.length));
    }
  }

  /**
   * One record being counted. Evidence of case is kept until its end, which tells whether it is a
   * headline.
   */
  private final class Record implements Contractions.Pieces {
    private final int document;
    private final boolean cased;
    private final SentencePosition position = new SentencePosition();
    private final List<Count> lower = new ArrayList<>();
    private final List<Count> capitalised = new ArrayList<>();
    private RawToken token = new RawToken();
    private boolean addressing;

    Record(int document, boolean cased) {
      this.document = document;
      this.cased = cased;
    }

    void count(Scanner scanner) {
      RawToken following = new RawToken();
      scanner.next(token);
      boolean start = true;
      while (token.kind != Kind.END) {
        scanner.next(following);
        addressing =
            start && hasLetter(token) && following.kind == Kind.PUNCTUATION && following.is(":");
        start = false;
        String[] pair =
            token.kind == Kind.WORD && Contractions.mayPair(token)
                ? Contractions.pair(token, following)
                : null;
        if (pair != null) {
          piece(pair[2].toCharArray(), 0, pair[2].length(), true);
          if (pair.length == 3) {
            scanner.next(following);
          }
        } else {
          count(token);
        }
        position.after(token);
        RawToken swap = token;
        token = following;
        following = swap;
      }
      if (capitalised.size() <= MAX_HEADLINE_SHARE * (capitalised.size() + lower.size())) {
        lower.forEach(count -> count.lower++);
        capitalised.forEach(count -> count.capitalised++);
      }
    }

    private static boolean hasLetter(RawToken token) {
      return token.kind == Kind.WORD || token.kind == Kind.NUMBER && token.digits < token.length;
    }

    private void count(RawToken token) {
      switch (token.kind) {
        case WORD -> Contractions.split(token.text, 0, token.length, this);
        case NUMBER -> {
          if (token.digits <= MAX_NUMBER_CHARS && token.length <= MAX_WORD_CHARS) {
            seen(new String(token.text, 0, token.length));
          }
        }
        case PUNCTUATION, EMOTICON -> seen(new String(token.text, 0, token.length));
        case EMOJI -> seen(new String(token.text, 0, token.length)).emoji = true;
        default -> {
          // Links, users, hashtags: no words of the language.
        }
      }
    }

    private Count seen(String text) {
      Count count = counts.computeIfAbsent(text, key -> new Count());
      count.seen(document, records, cased);
      count.addressed += addressing ? 1 : 0;
      return count;
    }

    @Override
    public void piece(char[] text, int from, int to, boolean first) {
      if (to - from > MAX_WORD_CHARS || isElongated(text, from, to)) {
        return;
      }
      Count count = seen(new String(text, from, to - from));
      count.word = true;
      if (cased && first && token.isAllCaps()) {
        count.allCaps++;
      } else if (cased && first && position.isInside(token)) {
        (token.isCapitalised() ? capitalised : lower).add(count);
      }
      if (!addressing) {
        countParts(text, from, to);
      }
    }

    private void countParts(char[] text, int from, int to) {
      int start = from;
      for (int i = from; i <= to; i++) {
        if (i == to || text[i] == '-' || text[i] == '_') {
          if (i > start && i - start < to - from) {
            seen(new String(text, start, i - start)).word = true;
          }
          start = i + 1;
        }
      }
    }
  }

  private static boolean isElongated(char[] text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (WordEncoder.isElongation(text, i, to)) {
        return true;
      }
    }
    return false;
  }

  /** The words of the vocabulary, those in most records first, without the special tokens. */
  public List<String> build(Settings settings) {
    Set<String> chosen = new LinkedHashSet<>(alwaysIn());
    List<Map.Entry<String, Count>> byFrequency = new ArrayList<>(counts.entrySet());
    byFrequency.sort(BY_FREQUENCY);
    int emoji = 0;
    for (Map.Entry<String, Count> entry : byFrequency) {
      if (chosen.size() + Special.count() >= settings.maxSize()) {
        break;
      }
      Count count = entry.getValue();
      if (count.documents() < settings.minDocuments()
          || count.emoji && emoji >= MAX_EMOJI
          || !isEligible(entry.getKey(), count)) {
        continue;
      }
      emoji += count.emoji ? 1 : 0;
      chosen.add(entry.getKey());
    }
    List<String> words = new ArrayList<>(chosen);
    words.sort(
        Comparator.comparingInt((String word) -> -recordsWith(word))
            .thenComparing(Comparator.naturalOrder()));
    return words;
  }

  private static final Comparator<Map.Entry<String, Count>> BY_FREQUENCY =
      Comparator.comparingInt((Map.Entry<String, Count> entry) -> -entry.getValue().records)
          .thenComparing(Map.Entry.comparingByKey());

  private int recordsWith(String word) {
    Count count = counts.get(word);
    return count == null ? 0 : count.records;
  }

  Map<String, Count> counts() {
    return counts;
  }

  private boolean isEligible(String word, Count count) {
    if (PERSONAL_NAMES.contains(word) || isNickname(word, count)) {
      return false;
    }
    return !count.word
        || word.length() == 1
        || PROPER_NOUNS.contains(word)
        || isCommon(word, count);
  }

  /** Addressed by it ("somebody: hello"); all the more if somebody of that name wrote records. */
  private boolean isNickname(String word, Count count) {
    double most = authors.contains(word) ? MAX_ADDRESSED_AUTHOR : MAX_ADDRESSED;
    int elsewhere = count.lower + count.capitalised + count.allCaps;
    return count.addressed >= MIN_ADDRESSED && count.addressed > most * elsewhere;
  }

  private static boolean isCommon(String word, Count count) {
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

  /** What every vocabulary holds: signs, digits, emoticons and the pieces of contractions. */
  private static Set<String> alwaysIn() {
    Set<String> always = new LinkedHashSet<>();
    for (int i = 0; i < SIGNS.length(); i++) {
      always.add(SIGNS.substring(i, i + 1));
    }
    always.add("...");
    for (int digit = 0; digit <= 10; digit++) {
      always.add(Integer.toString(digit));
    }
    always.addAll(EMOTICONS);
    always.addAll(CLITICS);
    return always;
  }

  private static Set<String> words(String resource) {
    Set<String> words = new HashSet<>();
    try (InputStream in = VocabularyBuilder.class.getResourceAsStream(resource);
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
