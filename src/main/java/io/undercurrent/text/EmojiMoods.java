package io.undercurrent.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;

/**
 * Which emoji carry a good or a bad mood, frozen in {@code emoji-moods.txt}. An emoji outside the
 * vocabulary is read as the class of its mood. Immutable.
 */
final class EmojiMoods {

  private static final String RESOURCE = "emoji-moods.txt";

  private static final EmojiMoods FROZEN = load();

  private final Map<Integer, Special> classes = new HashMap<>();

  private EmojiMoods() {}

  static EmojiMoods frozen() {
    return FROZEN;
  }

  /**
   * The class of an emoji.
   *
   * @param emoji without skin tone and variation selector, as {@link Scanner} reads it
   */
  Special classOf(int emoji) {
    return classes.getOrDefault(emoji, Special.EMOJI);
  }

  /** The emoji that have a mood, and the class of each. */
  Map<Integer, Special> classes() {
    return Map.copyOf(classes);
  }

  private void add(String line) {
    Special mood = line.charAt(0) == '+' ? Special.EMOJI_POSITIVE : Special.EMOJI_NEGATIVE;
    line.substring(1)
        .codePoints()
        .filter(c -> c != ' ')
        .forEach(
            c -> {
              if (classes.put(c, mood) != null) {
                throw new IllegalStateException(
                    RESOURCE + " must list U+" + Integer.toHexString(c) + " once");
              }
            });
  }

  private static EmojiMoods load() {
    EmojiMoods moods = new EmojiMoods();
    try (InputStream in = EmojiMoods.class.getResourceAsStream(RESOURCE);
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.isEmpty() && line.charAt(0) != '#') {
          moods.add(line);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE, e);
    }
    return moods;
  }
}
