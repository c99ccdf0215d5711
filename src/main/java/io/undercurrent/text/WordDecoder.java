package io.undercurrent.text;

import java.util.List;
import java.util.Locale;

/**
 * Turns words and signs into text as people write it: no space before a full stop, do n't as don't,
 * {@code <caps>} as capitals. Words are in lower case, as the tokens are. A token that stands for a
 * class is shown as a mark, in a form that {@link WordTokenizer} reads back where there is one.
 */
final class WordDecoder implements TokenDecoder {

  private static final List<String> CLITICS =
      List.of("n't", "'s", "'re", "'ve", "'ll", "'d", "'m", "'t");

  private static final List<String> NO_SPACE_BEFORE =
      List.of(".", ",", "!", "?", ":", ";", ")", "]", "}", "%", "...", "/", "_");

  private static final List<String> NO_SPACE_BEHIND =
      List.of("(", "[", "{", "$", "€", "£", "#", "/", "_");

  private static final String NOT = "n't";
  private static final String VOWELS = "aeiouyAEIOUY";

  private final List<String> tokens;
  private final int specials;

  /** The text of the last token; a mark or clitic behind it may still change it. */
  private String held = "";

  private boolean spaceBeforeHeld;

  /** Whether the held text is a word or stands for one: clitics are joined to it. */
  private boolean heldIsWord;

  private boolean heldInCapitals;

  /** Whether the held word ends in s, so that an apostrophe alone makes its genitive. */
  private boolean endsPlural;

  /**
   * The start of {@link #held} that the reader already has; null if the reader has nothing of it.
   */
  private String shown;

  private boolean atStart = true;
  private boolean spaceBehind; // the next token stands apart from the held one
  private boolean capitals; // for the next word
  private boolean inQuotes;
  private boolean inSingleQuotes;

  /**
   * @param specials how many of the tokens, from the first on, are special
   */
  WordDecoder(List<String> tokens, int specials) {
    this.tokens = tokens;
    this.specials = specials;
  }

  /** Whether a token is written together with the word before it. */
  static boolean isClitic(String token) {
    return CLITICS.contains(token);
  }

  @Override
  public void skip(int id) {
    append(id);
    shown = held;
  }

  @Override
  public String append(int id) {
    String token = tokens.get(id);
    if (id == Special.CAPS.id()) {
      capitals = true;
      return "";
    }
    if (id == Special.LONG.id()) {
      change(heldIsWord ? elongated(held) : held, held);
      return "";
    }
    if (id == Special.REPEAT.id()) {
      change(heldIsWord ? held : repeated(held), held);
      return "";
    }
    if (heldIsWord && CLITICS.contains(token)) {
      join(token);
      return "";
    }
    String before = release();
    hold(id, token);
    return before;
  }

  @Override
  public String finish() {
    return release();
  }

  private String release() {
    String text = held;
    if (shown != null) {
      text = held.substring(shown.length());
    } else if (spaceBeforeHeld) {
      text = " " + held;
    }
    held = "";
    shown = null;
    return text;
  }

  /**
   * Replaces the held text by {@code text}, or by {@code alternative} if the reader already has
   * another start.
   */
  private void change(String text, String alternative) {
    held = shown == null || text.startsWith(shown) ? text : alternative;
  }

  private void hold(int id, String token) {
    boolean before = spaceBehind && !NO_SPACE_BEFORE.contains(token);
    boolean behind = !NO_SPACE_BEHIND.contains(token);
    String text = token;
    heldIsWord = isWord(id, token);
    heldInCapitals = capitals && heldIsWord && id >= specials;
    capitals = false;
    if (token.equals("\"")) {
      before &= !inQuotes;
      behind = inQuotes;
      inQuotes = !inQuotes;
    } else if (token.equals("'") && !inSingleQuotes && endsPlural) {
      before = false;
    } else if (token.equals("'")) {
      before &= !inSingleQuotes;
      behind = inSingleQuotes;
      inSingleQuotes = !inSingleQuotes;
    } else if (id == Special.HASHTAG.id()) {
      text = "#";
      behind = false;
    } else if (id == Special.NAME.id()) {
      text = "[NAME]";
    } else if (id == Special.USER.id()) {
      text = "@user";
    }
    endsPlural = heldIsWord && token.endsWith("s");
    held = heldInCapitals ? upper(text) : text;
    spaceBeforeHeld = before && !atStart;
    spaceBehind = behind;
    atStart = false;
  }

  private boolean isWord(int id, String token) {
    if (id < specials) {
      return id != Special.HASHTAG.id() && id != Special.SYMBOL.id() && id != Special.END.id();
    }
    byte kind =
        CharacterTable.frozen()
            .kind(token.codePointAt(token.startsWith("'") && token.length() > 1 ? 1 : 0));
    return kind == CharacterTable.LETTER
        || kind == CharacterTable.UPPER
        || kind == CharacterTable.DIGIT;
  }

  /**
   * Joins a clitic to the held word: will n't is "won't", but "will not" if the reader already has
   * "will".
   */
  private void join(String clitic) {
    String word = held.toLowerCase(Locale.ROOT);
    String joined = held + (heldInCapitals ? upper(clitic) : clitic);
    if (clitic.equals(NOT)) {
      String contracted =
          switch (word) {
            case "can" -> "can't";
            case "will" -> "won't";
            case "shall" -> "shan't";
            default -> null;
          };
      if (contracted != null) {
        joined = heldInCapitals ? upper(contracted) : contracted;
      }
    }
    change(joined, held + " not");
    endsPlural = false;
  }

  /** Repeats the last vowel twice more: so, good, yes become sooo, gooood, yeees. */
  private static String elongated(String word) {
    int at = word.length() - 1;
    while (at >= 0 && VOWELS.indexOf(word.charAt(at)) < 0) {
      at--;
    }
    if (at < 0) {
      return repeated(word); // hmmm
    }
    String vowel = word.substring(at, at + 1);
    return word.substring(0, at) + vowel.repeat(3) + word.substring(at + 1);
  }

  /** Repeats the last sign twice more: "!!!", ":)))". */
  private static String repeated(String sign) {
    if (sign.isEmpty()) {
      return sign;
    }
    String last = sign.substring(sign.offsetByCodePoints(sign.length(), -1));
    return sign + last + last;
  }

  private static String upper(String text) {
    return text.toUpperCase(Locale.ROOT);
  }
}
