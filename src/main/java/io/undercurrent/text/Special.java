package io.undercurrent.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Tokens that do not stand for their own text. A token's position in this list is its id, and part
 * of the tokenizer's format.
 */
enum Special {
  END("<end>"),
  // Classes of unknown words: UNK first, DIGIT..UNK_S by what the word looks like.
  UNK("<unk>"),
  UNK_ING("<unk-ing>"),
  UNK_ED("<unk-ed>"),
  UNK_S("<unk-s>"),
  UNK_LY("<unk-ly>"),
  UNK_ER("<unk-er>"),
  UNK_EST("<unk-est>"),
  UNK_ION("<unk-ion>"),
  UNK_ABLE("<unk-able>"),
  UNK_NESS("<unk-ness>"),
  UNK_LESS("<unk-less>"),
  UNK_FUL("<unk-ful>"),
  UNK_MENT("<unk-ment>"),
  UNK_ITY("<unk-ity>"),
  UNK_OUS("<unk-ous>"),
  UNK_IVE("<unk-ive>"),
  UNK_AL("<unk-al>"),
  UNK_ISH("<unk-ish>"),
  UNK_Y("<unk-y>"),
  UNK_UN("<unk-un>"),
  UNK_DIGIT("<unk-digit>"),
  UNK_FOREIGN("<unk-foreign>"),
  // Things of which only the kind matters.
  NAME("<name>"),
  USER("<user>"),
  URL("<url>"),
  NUMBER("<number>"),
  EMOJI("<emoji>"),
  FLAG("<flag>"),
  SYMBOL("<symbol>"),
  // Markers: before what they mark (hashtag, caps) or behind it (long, repeat).
  HASHTAG("<hashtag>"),
  CAPS("<caps>"),
  LONG("<long>"),
  REPEAT("<repeat>"),
  // Emoji outside the vocabulary that carry a mood; since normaliser 1.
  EMOJI_POSITIVE("<emoji+>"),
  EMOJI_NEGATIVE("<emoji->");

  private static final List<Special> ALL = List.of(values());

  private final String token;

  Special(String token) {
    this.token = token;
  }

  String token() {
    return token;
  }

  int id() {
    return ordinal();
  }

  /** The number of special tokens of a vocabulary that goes with this normaliser. */
  static int count(Normalizer normalizer) {
    return normalizer == Normalizer.NONE ? EMOJI_POSITIVE.ordinal() : ALL.size();
  }

  static boolean isUnknown(int id) {
    return id >= UNK.ordinal() && id <= UNK_FOREIGN.ordinal();
  }

  static List<String> tokens(Normalizer normalizer) {
    List<String> tokens = new ArrayList<>();
    for (Special special : ALL.subList(0, count(normalizer))) {
      tokens.add(special.token);
    }
    return tokens;
  }
}
