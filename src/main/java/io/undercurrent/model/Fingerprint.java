package io.undercurrent.model;

import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.text.Tokenizer;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Six bytes that identify a model, written as twelve hexadecimal digits. They cover what changes a
 * bit of the model's output, and nothing else:
 *
 * <ul>
 *   <li>the kind of the network;
 *   <li>name, shape and values of each tensor, which also say every size in the configuration;
 *   <li>how many past records attention looks at;
 *   <li>the tokenizer's type, its normaliser where it has one, its tokens in order, and whether it
 *       rates spellings;
 *   <li>tokens, theta and lambda of the cache, where there is one;
 *   <li>the temperature of the sentiment head, where it is not 1;
 *   <li>the labels and their valences, where they are not those of {@link Labels#SENTIMENT}.
 * </ul>
 *
 * <p>The model's name, its card, the precision of the file's tensors, and the order and white space
 * of JSON are not covered.
 *
 * <p>The digest of the cache is added to that of the rest by exclusive or, so that another cache
 * can be exchanged for it without reading the tensors again. So are those of the temperature and
 * the labels: without them a model keeps the fingerprint that it had before they existed.
 * Thread-safe.
 */
public final class Fingerprint {

  private static final int BYTES = 6;
  private static final String ZERO = "00".repeat(BYTES); // changes nothing by exclusive or
  private static final int CHUNK = 8192; // values hashed at once

  private Fingerprint() {}

  /**
   * The fingerprint of a model.
   *
   * @param parameters the tensors that {@code config} asks for
   */
  public static String of(ModelConfig config, Tokenizer tokenizer, Parameters parameters) {
    MessageDigest digest = sha256();
    add(digest, config.kind().toString());
    add(digest, config.attention().records());
    for (Tensor tensor : config.tensors()) {
      add(digest, tensor.name());
      add(digest, tensor.shape().length);
      for (int size : tensor.shape()) {
        add(digest, size);
      }
      add(digest, parameters.values(), parameters.offset(tensor.name()), tensor.size());
    }
    add(digest, tokenizer.type());
    if (tokenizer.normalizer() > 0) {
      add(digest, tokenizer.normalizer());
    }
    add(digest, tokenizer.size());
    for (int id = 0; id < tokenizer.size(); id++) {
      add(digest, tokenizer.token(id));
    }
    if (tokenizer.ratesSpelling()) {
      add(digest, "spelling");
    }
    return exclusiveOr(
        exclusiveOr(hex(digest), of(config.cache())),
        exclusiveOr(ofTemperature(config.temperature()), of(config.labels())));
  }

  /** The fingerprint of the model that differs from this one in its cache alone. */
  static String exchange(String fingerprint, Cache cache, Cache other) {
    return exclusiveOr(exclusiveOr(fingerprint, of(cache)), of(other));
  }

  private static String of(Cache cache) {
    if (!cache.on()) {
      return ZERO;
    }
    MessageDigest digest = sha256();
    add(digest, cache.tokens());
    add(digest, Float.floatToIntBits(cache.theta()));
    add(digest, Float.floatToIntBits(cache.lambda()));
    return hex(digest);
  }

  private static String ofTemperature(float temperature) {
    if (temperature == 1) {
      return ZERO;
    }
    MessageDigest digest = sha256();
    add(digest, "sentiment.temperature");
    add(digest, Float.floatToIntBits(temperature));
    return hex(digest);
  }

  private static String of(Labels labels) {
    if (labels.equals(Labels.SENTIMENT)) {
      return ZERO;
    }
    MessageDigest digest = sha256();
    add(digest, "labels");
    add(digest, labels.size());
    labels.names().forEach(name -> add(digest, name));
    add(digest, labels.valences().size());
    labels.valences().forEach(valence -> add(digest, Float.floatToIntBits(valence)));
    return hex(digest);
  }

  private static void add(MessageDigest digest, String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    add(digest, bytes.length);
    digest.update(bytes);
  }

  private static void add(MessageDigest digest, int number) {
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(number).flip());
  }

  private static void add(MessageDigest digest, float[] values, int offset, int n) {
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK * Float.BYTES);
    for (int from = 0; from < n; from += CHUNK) {
      int count = Math.min(CHUNK, n - from);
      chunk.clear().limit(count * Float.BYTES);
      chunk.asFloatBuffer().put(values, offset + from, count);
      digest.update(chunk);
    }
  }

  private static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest(), 0, BYTES);
  }

  private static String exclusiveOr(String one, String other) {
    byte[] bytes = HexFormat.of().parseHex(one);
    byte[] others = HexFormat.of().parseHex(other);
    for (int i = 0; i < BYTES; i++) {
      bytes[i] ^= others[i];
    }
    return HexFormat.of().formatHex(bytes);
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
