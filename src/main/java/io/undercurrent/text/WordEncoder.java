package io.undercurrent.text;

import io.undercurrent.text.RawToken.Kind;
import java.util.Arrays;

/** Encodes one text; each text needs a new one. Not thread-safe. */
final class WordEncoder implements Contractions.Pieces {

  private final WordIndex vocabulary;
  private final Segmenter segmenter;
  private final NormalizedText text;
  private final Normalizer normalizer;
  private final Spelling spelling; // null if spellings are not rated
  private final Scanner scanner;
  private final SentencePosition position = new SentencePosition();

  private RawToken current = new RawToken();
  private RawToken following = new RawToken();
  private boolean peeked;

  private int[] ids;
  private int[] ends; // of whole groups of tokens; null without spans
  private double[] spellingBits; // null if spellings are not rated
  private int count;

  /** Whether the last group of tokens also needs the following raw token. */
  private boolean open;

  private boolean inCaps;
  private boolean pieceIsName;

  WordEncoder(
      WordIndex vocabulary,
      Segmenter segmenter,
      Spelling spelling,
      NormalizedText text,
      Normalizer normalizer,
      int capacity,
      boolean spans) {
    this.vocabulary = vocabulary;
    this.segmenter = segmenter;
    this.spelling = spelling;
    this.text = text;
    this.normalizer = normalizer;
    this.scanner = new Scanner(text, normalizer);
    this.ids = new int[capacity];
    this.ends = spans ? new int[capacity] : null;
    this.spellingBits = spelling == null ? null : new double[capacity];
  }

  /**
   * Reads whole groups of tokens as far as they fit into the limit.
   *
   * @param length of the original text
   */
  Encoding encode(int length, int maxTokens) {
    int group = 0; // first token of the last whole group
    int kept = 0; // tokens of whole groups
    int end = 0;
    while (true) {
      advance();
      if (current.kind == Kind.END) {
        end = text.originalLength();
        setEnds(group, kept, end);
        break;
      }
      open = false;
      token(current);
      position.after(current);
      if (count > maxTokens) {
        break;
      }
      if (!open && text.isBoundary(current.end)) {
        group = kept;
        kept = count;
        end = text.originalEnd(current.end);
        setEnds(group, kept, end);
      }
    }
    int unknown = 0;
    for (int i = 0; i < kept; i++) {
      if (Special.isUnknown(ids[i])) {
        unknown++;
      }
    }
    return new Encoding(
        Arrays.copyOf(ids, kept),
        ends == null ? Encoding.NO_SPANS : Arrays.copyOf(ends, kept),
        unknown,
        end,
        end < length,
        spellingBits == null ? Encoding.NO_SPELLING : Arrays.copyOf(spellingBits, kept));
  }

  private void setEnds(int from, int to, int end) {
    if (ends != null) {
      Arrays.fill(ends, from, to, end);
    }
  }

  private void advance() {
    if (peeked) {
      RawToken swap = current;
      current = following;
      following = swap;
      peeked = false;
    } else {
      scanner.next(current);
    }
  }

  private RawToken peek() {
    if (!peeked) {
      scanner.next(following);
      peeked = true;
    }
    return following;
  }

  private void add(int id) {
    if (count == ids.length) {
      ids = Arrays.copyOf(ids, count * 2);
      ends = ends == null ? null : Arrays.copyOf(ends, count * 2);
      spellingBits = spellingBits == null ? null : Arrays.copyOf(spellingBits, count * 2);
    }
    ids[count++] = id;
  }

  private void add(Special special) {
    add(special.id());
  }

  /** Adds a special token that stands for {@code text[from, to)}. */
  private void add(Special special, char[] text, int from, int to) {
    add(special);
    if (spelling != null && Special.isUnknown(special.id())) {
      spellingBits[count - 1] = spelling.bits(text, from, to);
    }
  }

  private void token(RawToken token) {
    switch (token.kind) {
      case WORD -> word(token);
      case NUMBER -> number(token);
      case PUNCTUATION, EMOTICON -> literal(token, Special.SYMBOL);
      case EMOJI -> literal(token, emojiClass(token));
      case FLAG -> add(Special.FLAG);
      case URL -> add(Special.URL);
      case USER -> add(Special.USER);
      case NAME -> add(Special.NAME);
      case UNKNOWN -> add(Special.UNK);
      case HASHTAG -> hashtag(token);
      default -> throw new IllegalStateException("no such token: " + token.kind);
    }
  }

  private void literal(RawToken token, Special otherwise) {
    int id = vocabulary.find(token.text, 0, token.length);
    add(id >= 0 ? id : otherwise.id());
    if (token.repeated) {
      add(Special.REPEAT);
    }
  }

  private Special emojiClass(RawToken emoji) {
    return normalizer == Normalizer.NONE
        ? Special.EMOJI
        : EmojiMoods.frozen().classOf(Character.codePointAt(emoji.text, 0, emoji.length));
  }

  // ---- words ----

  private void word(RawToken token) {
    markCaps(token);
    pieceIsName = token.isCapitalised() && position.isInside(token);
    if (Contractions.mayPair(token)) {
      String[] pair = Contractions.pair(token, peek());
      if (pair != null) {
        char[] first = pair[2].toCharArray();
        piece(first, 0, first.length, true);
        if (pair.length == 3) {
          // One word stands for both: skip the second, so that the group ends behind it.
          advance();
        } else {
          open = true;
        }
        return;
      }
    }
    Contractions.split(token.text, 0, token.length, this);
  }

  private void markCaps(RawToken token) {
    if (!token.isAllCaps()) {
      inCaps &= token.isCaseNeutral();
      return;
    }
    if (inCaps) {
      return;
    }
    if (token.letters >= 3) {
      inCaps = true;
      add(Special.CAPS);
    } else if (peek().isAllCaps()) {
      inCaps = true;
      open = true;
      add(Special.CAPS);
    }
  }

  @Override
  public void piece(char[] text, int from, int to, boolean first) {
    int id = vocabulary.find(text, from, to);
    if (id >= 0) {
      add(id);
    } else if (!joined(text, from, to, first) && !elongated(text, from, to)) {
      Special special =
          first && pieceIsName ? Special.NAME : UnknownWords.classify(text, from, to, vocabulary);
      add(special, text, from, to);
    }
  }

  /**
   * Adds the parts of an unknown word and the signs between them, a self-made compound as a - b;
   * returns false if it has no sign.
   */
  private boolean joined(char[] text, int from, int to, boolean first) {
    int start = from;
    boolean found = false;
    for (int i = from; i <= to; i++) {
      if (i < to && text[i] != '-' && text[i] != '_' && text[i] != '\'') {
        continue;
      }
      if (i == to && !found) {
        return false;
      }
      if (i > start) {
        piece(text, start, i, first);
      }
      if (i < to) {
        found = true;
        int sign = vocabulary.find(text, i, i + 1);
        add(sign >= 0 ? sign : Special.SYMBOL.id());
        while (i + 1 < to && text[i + 1] == text[i]) {
          i++;
        }
      }
      start = i + 1;
    }
    return true;
  }

  private boolean elongated(char[] text, int from, int to) {
    int id = Elongations.find(text, from, to, vocabulary);
    if (id < 0) {
      return false;
    }
    add(id);
    add(Special.LONG);
    return true;
  }

  // ---- numbers ----

  private void number(RawToken token) {
    int id = vocabulary.find(token.text, 0, token.length);
    if (id >= 0) {
      add(id);
      return;
    }
    if (token.digits == token.length) {
      add(Special.NUMBER);
      return;
    }
    int rest = vocabulary.find(token.text, token.digits, token.length);
    if (rest < 0 && !isOrdinal(token)) {
      add(Special.UNK_DIGIT, token.text, 0, token.length);
      return;
    }
    int digits = vocabulary.find(token.text, 0, token.digits);
    add(digits >= 0 ? digits : Special.NUMBER.id());
    if (!isOrdinal(token)) {
      add(rest);
    }
  }

  private static boolean isOrdinal(RawToken token) {
    return token.length == token.digits + 2
        && (token.endsWith("th")
            || token.endsWith("st")
            || token.endsWith("nd")
            || token.endsWith("rd"));
  }

  // ---- hashtags ----

  private void hashtag(RawToken token) {
    add(Special.HASHTAG);
    int id = vocabulary.find(token.text, 0, token.length);
    if (id >= 0) {
      add(id);
      return;
    }
    int start = 0;
    for (int i = 1; i <= token.length; i++) {
      if (i == token.length || isPartStart(token, i)) {
        hashtagPart(token.text, start, i);
        start = i;
      }
    }
  }

  /** Whether a word of a hashtag starts at this index: winItAll, NFLDraft, euro2016, so_nice. */
  private static boolean isPartStart(RawToken token, int i) {
    char before = token.text[i - 1];
    char at = token.text[i];
    if (before == '_' || at == '_') {
      return true;
    }
    if (isDigit(before) != isDigit(at)) {
      return true;
    }
    if (!token.upperAt(i)) {
      return false;
    }
    return !token.upperAt(i - 1)
        || i + 1 < token.length
            && !token.upperAt(i + 1)
            && !isDigit(token.text[i + 1])
            && token.text[i + 1] != '_';
  }

  private void hashtagPart(char[] text, int from, int to) {
    if (to - from == 1 && text[from] == '_') {
      return;
    }
    int id = vocabulary.find(text, from, to);
    if (id >= 0) {
      add(id);
      return;
    }
    if (isDigit(text[from])) {
      add(Special.NUMBER);
      return;
    }
    int[] words = segmenter.segment(text, from, to);
    if (words == null) {
      pieceIsName = false;
      Contractions.split(text, from, to, this);
      return;
    }
    for (int word : words) {
      add(word);
    }
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }
}
