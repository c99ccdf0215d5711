package io.undercurrent.text;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * What happens to a text once, before the word tokenizer reads it. Immutable and thread-safe.
 *
 * <p>A version never changes: a vocabulary was counted in texts that its version had read, and
 * {@code tokenizer.json} names it. A file without the key has {@link #NONE}.
 *
 * <p>Version 1 takes these steps, in this order:
 *
 * <ol>
 *   <li>{@link EscapeStep}: {@code don\'t} and {@code \u2019} as the characters meant;
 *   <li>{@link EntityStep}: {@code &rsquo;}, {@code &#39;} and {@code &amp;lt;} as well; behind it
 *       escapes once more, for {@code don\&#39;t};
 *   <li>{@link TerminalStep}: colours and links of terminals are left out;
 *   <li>{@link MojibakeStep}, twice: UTF-8 that was read as Windows-1252;
 *   <li>{@link LetterStep}: bold, full-width and circled letters as plain ones;
 *   <li>{@link InvisibleStep}: characters without width are left out;
 *   <li>{@link CompositionStep}: a letter and its accents as one character (NFC).
 * </ol>
 *
 * <p>With version 1 the scanner also takes fewer words in angle brackets for HTML tags ({@link
 * Markup}), and emoji outside the vocabulary are read as their mood ({@link EmojiMoods}).
 *
 * <p>Most texts need none of it: one scan of the text finds that, and the same string is returned.
 */
enum Normalizer {
  /** Texts are read as they are. */
  NONE(0),
  VERSION_1(1);

  static final Normalizer LATEST = VERSION_1;

  /** The key in {@code tokenizer.json}. */
  static final String KEY = "normalizer";

  private static final int ESCAPES = 1;
  private static final int ENTITIES = 2;
  private static final int TERMINAL = 4;
  private static final int MOJIBAKE = 8;
  private static final int LETTERS = 16;
  private static final int INVISIBLE = 32;
  private static final int COMPOSITION = 64;
  private static final int ALL = 127;

  private static final int[] ORDER = {
    ESCAPES, ENTITIES, ESCAPES, TERMINAL, MOJIBAKE, MOJIBAKE, LETTERS, INVISIBLE, COMPOSITION
  };

  private static final TextStep[] STEPS = {
    new EscapeStep(),
    new EntityStep(),
    new EscapeStep(),
    new TerminalStep(),
    new MojibakeStep(),
    new MojibakeStep(),
    new LetterStep(),
    new InvisibleStep(),
    new CompositionStep()
  };

  private final int version;

  Normalizer(int version) {
    this.version = version;
  }

  /** The number in {@code tokenizer.json}; 0 for {@link #NONE}, which is not written. */
  int version() {
    return version;
  }

  /**
   * The normaliser that a {@code tokenizer.json} names.
   *
   * @throws IllegalArgumentException if this code does not have it
   */
  static Normalizer read(JsonNode root) {
    JsonNode value = root.path(KEY);
    if (value.isMissingNode()) {
      return NONE;
    }
    TokenizerJson.require(
        value.isInt() && value.intValue() == VERSION_1.version,
        KEY,
        VERSION_1.version + " or left out (this release has no other)",
        value);
    return VERSION_1;
  }

  /**
   * Reads the text up to {@code limit}.
   *
   * <p>The result of a text's start is the start of the text's result, if the text is cut where
   * {@link NormalizedText#isBoundary} holds: no step lets a character depend on text behind what it
   * was read from.
   */
  NormalizedText read(String text, int limit) {
    NormalizedText read = NormalizedText.same(text, limit);
    if (this == NONE) {
      return read;
    }
    int needed = needed(text, limit);
    for (int i = 0; needed != 0 && i < ORDER.length; i++) {
      if ((needed & ORDER[i]) != 0) {
        NormalizedText before = read;
        read = before.rewrite(STEPS[i]);
        if (read != before) {
          needed = needed(read.text(), read.length());
        }
      }
    }
    return read;
  }

  /** The steps that could change the text. */
  private static int needed(String text, int limit) {
    int needed = 0;
    for (int i = 0; i < limit && needed != ALL; i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        if (c == '&') {
          needed |= ENTITIES;
        } else if (c == '\\') {
          needed |= ESCAPES;
        } else if (c == TerminalStep.ESC) {
          needed |= TERMINAL;
        }
      } else {
        needed |= neededBy(text, i, c);
      }
    }
    return needed;
  }

  private static int neededBy(String text, int at, char c) {
    if (c < 0x300) {
      if (MojibakeStep.isLead(c)) {
        return MOJIBAKE;
      }
      return InvisibleStep.isInvisible(c) ? INVISIBLE : 0;
    }
    int codePoint = text.codePointAt(at);
    int needed = 0;
    if (LetterStep.mayRead(codePoint)) {
      needed |= LETTERS;
    }
    if (InvisibleStep.isInvisible(codePoint) || codePoint == InvisibleStep.JOINER) {
      needed |= INVISIBLE;
    }
    if (CompositionTable.frozen().mayChange(codePoint)) {
      needed |= COMPOSITION;
    }
    return needed;
  }
}
