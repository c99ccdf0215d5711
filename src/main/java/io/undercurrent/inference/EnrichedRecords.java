package io.undercurrent.inference;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.Attention;
import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichedRecord.PastRecord;
import io.undercurrent.enrich.EnrichedRecord.PastToken;
import io.undercurrent.enrich.EnrichedRecord.Sentiment;
import io.undercurrent.enrich.EnrichedRecord.Surprise;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import io.undercurrent.text.Utf8;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes the network's reading of a message as an enriched record. Thread-safe. */
final class EnrichedRecords {

  private final Model model;
  private final ModelIdentity identity;

  EnrichedRecords(Model model) {
    this.model = model;
    this.identity = new ModelIdentity(model.name(), model.fingerprint());
  }

  /**
   * The enriched record of a message.
   *
   * @param after the key's state after the message
   */
  EnrichedRecord of(Message message, Reading reading, KeyState after) {
    String text = Utf8.withoutLoneSurrogates(message.text());
    return new EnrichedRecord(
        "",
        null,
        text.substring(0, reading.end()),
        reading.truncated(),
        sentiment(reading),
        reading.tokens() == 0 ? null : reading.endProbability(),
        next(reading),
        surprise(reading),
        attention(reading.lookBack()),
        new Conversation(after.conversationScore(), after.records(), after.tokens()),
        identity,
        message.source());
  }

  private Sentiment sentiment(Reading reading) {
    if (reading.tokens() == 0) {
      return null;
    }
    Labels labels = model.config().labels();
    Map<String, Double> probabilities = new LinkedHashMap<>(); // in label order
    for (int k = 0; k < labels.size(); k++) {
      probabilities.put(labels.name(k), (double) reading.probabilities()[k]);
    }
    return new Sentiment(
        labels.name(reading.label()),
        labels.hasScore() ? (double) reading.score(labels) : null,
        probabilities,
        isUncertain(reading));
  }

  private static boolean isUncertain(Reading reading) {
    return (double) reading.unknown() / reading.tokens()
        >= EnrichmentSettings.UNCERTAIN_UNKNOWN_SHARE;
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

  /** The text of a past record, decoded from its first tokens; an ellipsis marks a cut. */
  private String shortened(int[] tokens) {
    return tokens.length <= Attention.MAX_TOKENS
        ? model.tokenizer().decode(tokens)
        : model.tokenizer().decode(Arrays.copyOf(tokens, Attention.MAX_TOKENS)) + "\u2026";
  }
}
