package io.undercurrent.topology;

import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.state.KeyState;
import io.undercurrent.state.KeyStateFormat;
import io.undercurrent.topology.EnrichedRecord.Conversation;
import io.undercurrent.topology.EnrichedRecord.KeyText;
import io.undercurrent.topology.EnrichedRecord.ModelIdentity;
import io.undercurrent.topology.EnrichedRecord.NextToken;
import io.undercurrent.topology.EnrichedRecord.Probabilities;
import io.undercurrent.topology.EnrichedRecord.Sentiment;
import io.undercurrent.topology.EnrichedRecord.Surprise;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * The step itself: a key's stored state and a record in, the next stored state and the enriched
 * record out. Its result is a function of its arguments, the model and the settings alone; it reads
 * no clock. Holds scratch and belongs to one thread.
 */
public final class Enrichment {

  private static final int NEUTRAL = 1;

  private final Model model;
  private final KeyStateFormat format;
  private final Inference inference;
  private final HiddenState initial;
  private final ModelIdentity identity;
  private final double halfLifeTokens;

  /** What a record's key had before it. */
  public enum Start {
    /** The state of its last record. */
    CARRIED,
    /** Nothing: its first record, or the first after a tombstone. */
    FRESH,
    /** A state that another model made; it was not read. */
    FOREIGN
  }

  /**
   * What became of a record.
   *
   * @param state the key's state from now on, to be stored; never written again
   * @param tokens read of the record, 0 for an empty one
   * @param unknown how many of them the vocabulary lacks
   */
  public record Outcome(
      byte[] state, EnrichedRecord enriched, Start start, int tokens, int unknown) {}

  public Enrichment(Model model, EnrichmentSettings settings) {
    this.model = model;
    this.format = new KeyStateFormat(model);
    this.inference = new Inference(model, settings.maxTokens(), settings.nextTokens(), true);
    this.initial = model.initialState();
    this.identity = new ModelIdentity(model.name(), model.fingerprint());
    this.halfLifeTokens = settings.halfLifeTokens();
  }

  /**
   * Reads one record.
   *
   * @param stored the key's state after its last record; null if it has none. Not written
   * @param key any bytes
   * @param text any chars; surrogates without a partner are read as U+FFFD
   * @param timestampMs of the record, or null
   * @param source where the record was read from, or null
   * @throws io.undercurrent.state.StateFormatException if {@code stored} is no state
   */
  public Outcome enrich(byte[] stored, byte[] key, String text, Long timestampMs, Source source) {
    Optional<KeyState> carried = stored == null ? Optional.empty() : format.deserialize(stored);
    KeyState before = carried.orElseGet(() -> KeyState.fresh(initial.copy()));

    String wellFormed = Utf8.withoutLoneSurrogates(text);
    Reading reading = inference.read(wellFormed, before.hidden());
    KeyState after =
        before.afterRecord(
            reading.tokens(), timestampMs, conversationScore(before.conversationScore(), reading));

    EnrichedRecord enriched = enriched(key, wellFormed, reading, after, source);
    Start start =
        carried.isPresent() ? Start.CARRIED : stored == null ? Start.FRESH : Start.FOREIGN;
    return new Outcome(
        format.serialize(after), enriched, start, reading.tokens(), reading.unknown());
  }

  /**
   * A mean over the key's tokens, each weighing half as much as one that is a half-life later:
   *
   * <pre>
   *   w = 2^(-tokens / halfLife)     score' = w * score + (1 - w) * scoreOfRecord
   * </pre>
   *
   * <p>The first record with tokens sets it.
   */
  private Double conversationScore(Double score, Reading reading) {
    if (reading.tokens() == 0) {
      return score;
    }
    double now = reading.score();
    if (score == null) {
      return now;
    }
    double w = StrictMath.pow(2, -reading.tokens() / halfLifeTokens);
    return w * score + (1 - w) * now;
  }

  private EnrichedRecord enriched(
      byte[] key, String text, Reading reading, KeyState after, Source source) {
    KeyText keyText = KeyText.of(key);
    return new EnrichedRecord(
        keyText.text(),
        keyText.encoding(),
        text.substring(0, reading.end()),
        reading.truncated(),
        sentiment(reading),
        next(reading),
        surprise(reading),
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
}
