package io.undercurrent.enrich;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A record with its sentiment, the likely words after it and its surprise. Immutable.
 *
 * @param key the record's key as text
 * @param keyEncoding how {@code key} encodes the key's bytes: null for UTF-8 text, the code of
 *     another {@link KeyEncoding}, or {@value #CUSTOM} for a text that the application chose. The
 *     same in all records of a stream
 * @param text the part of the record's text that was read
 * @param truncated whether the limit of tokens cut the text there
 * @param sentiment of this record, given the key's earlier records; null without tokens
 * @param endProbability the probability that the record's text ends where it does, which the
 *     network gave before it read the end; null without tokens, and in records of earlier versions
 * @param next the likeliest first words of the key's next record, most probable first; empty
 *     without tokens
 * @param surprise how unexpected the record's tokens were; null without tokens
 * @param attention the past records and tokens that influenced this record; null without tokens and
 *     for a model that never looks back
 * @param conversation the key's records so far, this one included
 * @param model the model that read the record
 * @param source topic, partition and offset that the record was read from; null if unknown
 */
public record EnrichedRecord(
    String key,
    String keyEncoding,
    String text,
    boolean truncated,
    Sentiment sentiment,
    Double endProbability,
    List<NextToken> next,
    Surprise surprise,
    Attention attention,
    Conversation conversation,
    ModelIdentity model,
    Source source) {

  /** Value of {@link #keyEncoding} if the key's bytes cannot be computed from {@code key}. */
  public static final String CUSTOM = "custom";

  /** A record without {@link #endProbability} and {@link #attention}. */
  public EnrichedRecord(
      String key,
      String keyEncoding,
      String text,
      boolean truncated,
      Sentiment sentiment,
      List<NextToken> next,
      Surprise surprise,
      Conversation conversation,
      ModelIdentity model,
      Source source) {
    this(
        key,
        keyEncoding,
        text,
        truncated,
        sentiment,
        null,
        next,
        surprise,
        null,
        conversation,
        model,
        source);
  }

  public EnrichedRecord {
    Objects.requireNonNull(key, "key");
    Objects.requireNonNull(text, "text");
    next = List.copyOf(next);
    Objects.requireNonNull(conversation, "conversation");
    Objects.requireNonNull(model, "model");
    if (keyEncoding != null && !keyEncoding.equals(CUSTOM)) {
      KeyEncoding.ofCode(keyEncoding);
    }
  }

  /**
   * The sentiment of a record.
   *
   * @param label the likeliest of the model's labels
   * @param score from -1 to 1: the sum over the labels of valence times probability, which is
   *     P(positive) - P(negative) for the usual labels; null for a model whose labels have no
   *     valences
   * @param probabilities of all labels, in the model's order; they add up to 1. Cannot be modified
   * @param uncertain whether so many tokens are unknown that the sentiment says little: the text
   *     may be in another language, or no text at all
   */
  public record Sentiment(
      String label, Double score, Map<String, Double> probabilities, boolean uncertain) {

    public Sentiment {
      Objects.requireNonNull(label, "label");
      probabilities = Collections.unmodifiableMap(new LinkedHashMap<>(probabilities));
      if (!probabilities.containsKey(label) || probabilities.containsValue(null)) {
        throw new IllegalArgumentException(
            "probabilities must be numbers, one of them of the label %s, found %s"
                .formatted(label, probabilities));
      }
    }

    /** A sentiment that is not {@link #uncertain}. */
    public Sentiment(String label, Double score, Map<String, Double> probabilities) {
      this(label, score, probabilities, false);
    }

    /** The probability of {@link #label}. */
    public double probability() {
      return probabilities.get(label);
    }
  }

  /** A word that the next record may start with. */
  public record NextToken(String token, double probability) {}

  /**
   * How unexpected a record's tokens were.
   *
   * @param bitsPerToken mean negative log2-probability that the model gave the record's tokens;
   *     with a model that rates spellings, an unknown word costs its letters too
   * @param tokens the number of tokens read, without the end of record
   * @param unknown the number of them that are not in the vocabulary
   */
  public record Surprise(double bitsPerToken, int tokens, int unknown) {}

  /**
   * The part of a key's history that influenced a record. A past record's number is the {@link
   * Conversation#records} of its own enriched record.
   *
   * @param records the past records with the largest weight in the sentiment, heaviest first, at
   *     most 3
   * @param nothing the weight that went to no past record; it and the weights of all past records
   *     add up to 1. Null for a model that does not attend to records
   * @param tokens the past tokens with the largest weight in {@code next}, heaviest first, at most
   *     5; they may be the record's own. Empty for a model without a cache
   */
  public record Attention(List<PastRecord> records, Double nothing, List<PastToken> tokens) {

    /** The maximum number of tokens in the text of a past record. */
    public static final int MAX_TOKENS = 64;

    public Attention {
      records = List.copyOf(records);
      tokens = List.copyOf(tokens);
    }
  }

  /**
   * A past record that influenced the sentiment.
   *
   * @param record its number among the key's records, from 1
   * @param weight its attention weight
   * @param text its first tokens, at most 64
   */
  public record PastRecord(long record, double weight, String text) {}

  /**
   * A past token that influenced {@code next}.
   *
   * @param record the number of its record among the key's, from 1
   * @param position in its record, from 1
   * @param weight its share in the cache
   */
  public record PastToken(long record, int position, String token, double weight) {}

  /**
   * A key's history in three numbers.
   *
   * @param score running sentiment, from -1 to 1: a mean over the key's tokens in which old tokens
   *     fade; null before the first token, and for a model whose labels have no valences
   * @param records the number of the key's records so far
   * @param tokens the number of the key's tokens so far
   */
  public record Conversation(Double score, long records, long tokens) {}

  /** Names a model. The fingerprint changes with every weight. */
  public record ModelIdentity(String name, String fingerprint) {}

  /**
   * The bytes of the record's key.
   *
   * @throws IllegalStateException if {@link #keyEncoding} is {@value #CUSTOM}: only the application
   *     that chose the text knows its key
   */
  public byte[] keyBytes() {
    if (CUSTOM.equals(keyEncoding)) {
      throw new IllegalStateException(
          "keyEncoding must tell the key's bytes, found " + CUSTOM + " with key " + key);
    }
    return (keyEncoding == null ? KeyEncoding.TEXT : KeyEncoding.ofCode(keyEncoding)).bytes(key);
  }

  /** The same record with another text for its key. */
  public EnrichedRecord withKey(KeyText keyText) {
    return new EnrichedRecord(
        keyText.text,
        keyText.encoding,
        text,
        truncated,
        sentiment,
        endProbability,
        next,
        surprise,
        attention,
        conversation,
        model,
        source);
  }

  /** A key as text: a {@link #key} with its {@link #keyEncoding}. */
  public record KeyText(String text, String encoding) {

    /**
     * The text of a key in the encoding of its stream.
     *
     * @throws IllegalArgumentException if the bytes do not fit the encoding
     */
    public static KeyText of(byte[] key, KeyEncoding encoding) {
      return new KeyText(encoding.text(key), encoding == KeyEncoding.TEXT ? null : encoding.code());
    }
  }
}
