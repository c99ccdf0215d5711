package io.undercurrent.enrich;

import io.undercurrent.enrich.EnrichedRecord.Attention;
import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichedRecord.PastRecord;
import io.undercurrent.enrich.EnrichedRecord.PastToken;
import io.undercurrent.enrich.EnrichedRecord.Probabilities;
import io.undercurrent.enrich.EnrichedRecord.Sentiment;
import io.undercurrent.enrich.EnrichedRecord.Surprise;
import io.undercurrent.inference.LookBack;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import java.util.Arrays;
import java.util.List;

/** Words what a network made of a record as an enriched record. Thread-safe. */
final class EnrichedRecords {

  private static final int NEUTRAL = 1;

  private final Model model;
  private final ModelIdentity identity;

  EnrichedRecords(Model model) {
    this.model = model;
    this.identity = new ModelIdentity(model.name(), model.fingerprint());
  }

  /**
   * @param text as it was given to the network
   * @param after the key's state behind the record
   */
  EnrichedRecord of(byte[] key, String text, Reading reading, KeyState after, Source source) {
    KeyText keyText = KeyText.of(key);
    return new EnrichedRecord(
        keyText.text(),
        keyText.encoding(),
        text.substring(0, reading.end()),
        reading.truncated(),
        sentiment(reading),
        next(reading),
        surprise(reading),
        attention(reading.lookBack()),
        new Conversation(after.conversationScore(), after.records(), after.tokens()),
        identity,
        source);
  }

  private Sentiment sentiment(Reading reading) {
    if (reading.tokens() == 0) {
      return null;
    }
    float[] p = reading.probabilities();
    return new Sentiment(
        model.config().labels().get(reading.label()),
        reading.score(),
        new Probabilities(p[ModelConfig.NEGATIVE], p[NEUTRAL], p[ModelConfig.POSITIVE]));
  }

  private List<NextToken> next(Reading reading) {
    return Arrays.stream(reading.next())
        .map(next -> new NextToken(model.tokenizer().token(next.id()), next.probability()))
        .toList();
  }

  private static Surprise surprise(Reading reading) {
    return reading.tokens() == 0
        ? null
        : new Surprise(reading.surpriseBits(), reading.tokens(), reading.unknown());
  }

  private Attention attention(LookBack lookBack) {
    if (lookBack == null) {
      return null;
    }
    return new Attention(
        lookBack.records().stream()
            .map(past -> new PastRecord(past.record(), past.weight(), shortened(past.tokens())))
            .toList(),
        Float.isNaN(lookBack.nothing()) ? null : (double) lookBack.nothing(),
        lookBack.tokens().stream()
            .map(
                pair ->
                    new PastToken(
                        pair.record(),
                        pair.position(),
                        model.tokenizer().token(pair.token()),
                        pair.weight()))
            .toList());
  }

  /** The text of a past record, as far as its tokens tell. */
  private String shortened(int[] tokens) {
    return tokens.length <= Attention.MAX_TOKENS
        ? model.tokenizer().decode(tokens)
        : model.tokenizer().decode(Arrays.copyOf(tokens, Attention.MAX_TOKENS)) + "\u2026";
  }
}
