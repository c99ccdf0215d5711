package io.undercurrent.enrich;

import java.util.List;
import java.util.Objects;

/**
 * A record with what the network made of it. Immutable.
 *
 * @param key the record's key as text
 * @param keyEncoding how {@code key} says the key's bytes: null for UTF-8 text, the code of another
 *     {@link KeyEncoding}, or {@value #CUSTOM} for a text that the application chose. The same in
 *     all records of a stream
 * @param text what was read of the record's text
 * @param truncated whether a limit cut the text there
 * @param sentiment of this record in the light of the key's state; null without tokens
 * @param next the likeliest next tokens, most probable first; empty without tokens
 * @param surprise null without tokens
 * @param attention what the model looked back at; null without tokens and for a model that never
 *     looks back
 * @param conversation the key's records so far, this one included
 * @param model the model that read the record
 * @param source where the record was read from; null if unknown
 */
public record EnrichedRecord(
    String key,
    String keyEncoding,
    String text,
    boolean truncated,
    Sentiment sentiment,
    List<NextToken> next,
    Surprise surprise,
    Attention attention,
    Conversation conversation,
    ModelIdentity model,
    Source source) {

  /** Value of {@link #keyEncoding} for a text that does not tell the bytes of the key. */
  public static final String CUSTOM = "custom";

  /** A record that no past one was looked at for. */
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
   * @param score P(positive) - P(negative), from -1 to 1
   */
  public record Sentiment(String label, double score, Probabilities probabilities) {}

  /** One probability for each class; they add up to 1. */
  public record Probabilities(double negative, double neutral, double positive) {}

  /** A token that may come next. */
  public record NextToken(String token, double probability) {}

  /**
   * @param bitsPerToken mean negative log2-probability that the model gave the record's tokens
   * @param tokens read, without the end of record
   * @param unknown how many of them the vocabulary lacks
   */
  public record Surprise(double bitsPerToken, int tokens, int unknown) {}

  /**
   * What of the key's past a record was read in the light of. A record's number is what {@link
   * Conversation#records} said in its own enriched record.
   *
   * @param records past ones that counted most for the sentiment, heaviest first, at most 3
   * @param nothing the weight that went to none of the past records; with all of theirs it is 1.
   *     Null for a model that does not attend to records
   * @param tokens that {@code next} was repeated from most, heaviest first, at most 5; those of the
   *     record itself too. Empty for a model without a cache
   */
  public record Attention(List<PastRecord> records, Double nothing, List<PastToken> tokens) {

    /** Tokens of a past record that its text has at most. */
    public static final int MAX_TOKENS = 64;

    public Attention {
      records = List.copyOf(records);
      tokens = List.copyOf(tokens);
    }
  }

  /**
   * @param text of the record's tokens, the first 64 at most
   */
  public record PastRecord(long record, double weight, String text) {}

  /**
   * @param position in its record, from 1
   * @param weight its share in the cache
   */
  public record PastToken(long record, int position, String token, double weight) {}

  /**
   * @param score running sentiment, from -1 to 1: a mean over the key's tokens that forgets; null
   *     before the first token
   * @param records of the key so far
   * @param tokens of the key so far
   */
  public record Conversation(Double score, long records, long tokens) {}

  /** Which model; the fingerprint changes with every weight. */
  public record ModelIdentity(String name, String fingerprint) {}

  /**
   * The bytes of the record's key.
   *
   * @throws IllegalStateException if {@link #keyEncoding} is {@value #CUSTOM}: the application that
   *     chose the text has to tell the key from it
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
        next,
        surprise,
        attention,
        conversation,
        model,
        source);
  }

  /** A key as {@link #key} and {@link #keyEncoding} have it. */
  public record KeyText(String text, String encoding) {

    /**
     * A key in the encoding of its stream.
     *
     * @throws IllegalArgumentException if the bytes are not of this encoding
     */
    public static KeyText of(byte[] key, KeyEncoding encoding) {
      return new KeyText(encoding.text(key), encoding == KeyEncoding.TEXT ? null : encoding.code());
    }
  }
}
