package io.undercurrent.text;

import io.undercurrent.text.RawToken.Kind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Counts tokens of training texts and chooses the vocabulary: the tokens that occur in most
 * records, without personal names. The order of the texts does not change the result. Not
 * thread-safe; no argument or result is null.
 *
 * <p>A word counts as a name when cased texts write it with a capital letter inside sentences most
 * of the time, when there is too little evidence of it in lower case, or when {@code
 * personal-names.txt} lists it; {@code proper-nouns.txt} lists days, countries, languages and other
 * proper nouns that stay because they are no names of people.
 */
public final class VocabularyBuilder {

  /**
   * Maximum number of documents that are counted for one token, and so the maximum of {@link
   * Settings#minDocuments}.
   */
  public static final int MAX_MIN_DOCUMENTS = 64;

  private static final Normalizer NORMALIZER = Normalizer.LATEST;

  private static final int MAX_EMOJI = 150;
  private static final int MAX_WORD_CHARS = 24;

  /** A number of at most this many digits can be a token. */
  private static final int MAX_NUMBER_CHARS = 4;

  /**
   * A record with a larger share of capitalised words is a headline, whose capitals are no
   * evidence.
   */
  private static final double MAX_HEADLINE_SHARE = 0.5;

  private static final String SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_{|}~";

  private static final List<String> EMOTICONS =
      List.of(
          ":)", ":(", ":D", ":P", ":O", ":/", ":|", ":*", ":3", ":S", ":X", ":$", ":@", ":'(",
          ":')", ";)", ";D", ";P", ">:(", ">:)", "<3", "</3", "^_^", "-_-", "._.", ">_<", ";_;",
          "*_*", "=_=", "\\o/", "xd", "o_o", "t_t", "x_x", "u_u");

  /** The endings of contractions, which are in every vocabulary. */
  private static final List<String> CLITICS =
      List.of("n't", "'s", "'re", "'ve", "'ll", "'d", "'m", "'t", "'em");

  private final Map<String, TokenCount> counts = new HashMap<>();
  private final Map<String, Integer> documents = new HashMap<>();
  private final Set<String> authors = new HashSet<>();
  private int records;

  /**
   * The limits of a vocabulary.
   *
   * @param maxSize maximum number of tokens, the special ones included
   * @param minDocuments the number of documents (authors) that must contain a token, 1 to {@value
   *     #MAX_MIN_DOCUMENTS}
   */
  public record Settings(int maxSize, int minDocuments) {
    public Settings {
      if (maxSize < minSize()) {
        throw new IllegalArgumentException(
            "maxSize must be at least " + minSize() + ", found " + maxSize);
      }
      if (minDocuments < 1 || minDocuments > MAX_MIN_DOCUMENTS) {
        throw new IllegalArgumentException(
            "minDocuments must be 1 to " + MAX_MIN_DOCUMENTS + ", found " + minDocuments);
      }
    }
  }

  /** The minimum of {@link Settings#maxSize}: the number of tokens that every vocabulary holds. */
  public static int minSize() {
    return Special.count(NORMALIZER) + alwaysIn().size();
  }

  /**
   * Counts the tokens of one record.
   *
   * @param document the record's author or file; {@link Settings#minDocuments} counts these
   * @param cased whether the source keeps capital letters
   */
  public void add(String document, String text, boolean cased) {
    Integer known = documents.putIfAbsent(document, documents.size());
    int documentId = known == null ? documents.size() - 1 : known;
    if (known == null) {
      addAuthor(document);
    }
    NormalizedText read = NORMALIZER.read(text, text.length());
    new Record(documentId, cased).count(new Scanner(read, NORMALIZER));
    records++;
  }

  private void addAuthor(String document) {
    RawToken name = new RawToken();
    NormalizedText read = NORMALIZER.read(document, document.length());
    new Scanner(read, NORMALIZER).next(name);
    if (name.end == read.length()) {
      authors.add(new String(name.text, 0, name.length));
    }
  }

  /**
   * One record that is being counted. Its capitals are counted at its end, when it is known whether
   * it is a headline.
   */
  private final class Record implements Contractions.Pieces {
    private final int document;
    private final boolean cased;
    private final SentencePosition position = new SentencePosition();
    private final List<TokenCount> lower = new ArrayList<>();
    private final List<TokenCount> capitalised = new ArrayList<>();
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
          // Links, users and hashtags are not words of the language.
        }
      }
    }

    private TokenCount seen(String text) {
      TokenCount count = counts.computeIfAbsent(text, key -> new TokenCount());
      count.seen(document, records, cased);
      count.addressed += addressing ? 1 : 0;
      return count;
    }

    @Override
    public void piece(char[] text, int from, int to, boolean first) {
      if (to - from > MAX_WORD_CHARS || Elongations.isElongated(text, from, to)) {
        return;
      }
      TokenCount count = seen(new String(text, from, to - from));
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

  /** A tokenizer with the chosen words; it reads texts as they were read here. */
  public WordTokenizer tokenizer(Settings settings) {
    return WordTokenizer.normalizing(build(settings));
  }

  /**
   * The words of the vocabulary without the special tokens, sorted by the number of records,
   * largest first.
   */
  public List<String> build(Settings settings) {
    Set<String> chosen = new LinkedHashSet<>(alwaysIn());
    List<Map.Entry<String, TokenCount>> byFrequency = new ArrayList<>(counts.entrySet());
    byFrequency.sort(BY_FREQUENCY);
    int emoji = 0;
    for (Map.Entry<String, TokenCount> entry : byFrequency) {
      if (chosen.size() + Special.count(NORMALIZER) >= settings.maxSize()) {
        break;
      }
      TokenCount count = entry.getValue();
      if (count.documents() < settings.minDocuments()
          || count.emoji && emoji >= MAX_EMOJI
          || NameRule.isName(entry.getKey(), count, authors.contains(entry.getKey()))) {
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

  private static final Comparator<Map.Entry<String, TokenCount>> BY_FREQUENCY =
      Comparator.comparingInt((Map.Entry<String, TokenCount> entry) -> -entry.getValue().records)
          .thenComparing(Map.Entry.comparingByKey());

  private int recordsWith(String word) {
    TokenCount count = counts.get(word);
    return count == null ? 0 : count.records;
  }

  Map<String, TokenCount> counts() {
    return counts;
  }

  /** The words in every vocabulary: signs, digits, emoticons and the endings of contractions. */
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
}
