package io.undercurrent.model;

import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.text.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A model ready to use: configuration, vocabulary and weights, and how precisely what it carries
 * from record to record is kept. Immutable, shared by all threads.
 */
public final class Model {

  private final ModelConfig config;
  private final Tokenizer tokenizer;
  private final Network network;
  private final String fingerprint;
  private final DriftReference reference;
  private final StatePrecision statePrecision;
  private final boolean[] words; // (V)

  /**
   * @param fingerprint twelve hexadecimal digits over configuration, tokenizer and tensors; a
   *     stored state is read only by the model that made it
   * @param reference what drift is measured against; null where nobody knows
   * @param statePrecision of h in states: a choice of whoever runs the model, not in the
   *     fingerprint. A state of the other precision is read as it is; the key's next record leaves
   *     one of this
   */
  public Model(
      ModelConfig config,
      Tokenizer tokenizer,
      Network network,
      String fingerprint,
      DriftReference reference,
      StatePrecision statePrecision) {
    this.config = config;
    this.tokenizer = tokenizer;
    this.network = network;
    this.fingerprint = fingerprint;
    this.reference = reference;
    this.statePrecision = statePrecision;
    words = new boolean[config.vocabSize()];
    for (int id = 0; id < words.length; id++) {
      words[id] = tokenizer.isWord(id);
    }
  }

  /** A model that drift is not measured of, with the precision that suits its kind. */
  public Model(ModelConfig config, Tokenizer tokenizer, Network network, String fingerprint) {
    this(config, tokenizer, network, fingerprint, null, StatePrecision.suiting(config.kind()));
  }

  /** The same with a reference for drift, or none. */
  public Model withReference(DriftReference reference) {
    return new Model(config, tokenizer, network, fingerprint, reference, statePrecision);
  }

  public ModelConfig config() {
    return config;
  }

  public Tokenizer tokenizer() {
    return tokenizer;
  }

  public Network network() {
    return network;
  }

  public String fingerprint() {
    return fingerprint;
  }

  /** What drift is measured against; null where nobody knows. */
  public DriftReference reference() {
    return reference;
  }

  /** Of h in states. */
  public StatePrecision statePrecision() {
    return statePrecision;
  }

  public String name() {
    return config.name();
  }

  /** (V) which tokens may be offered as a next word; not to be written, all threads read it. */
  public boolean[] words() {
    return words;
  }

  /**
   * The same network with another continuous cache, which needs no training. As it is another model
   * to whoever reads what it made, it has another fingerprint and no reference, unless the cache is
   * the same.
   */
  public Model withCache(Cache cache) {
    if (cache.equals(config.cache())) {
      return this;
    }
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update((fingerprint + " " + cache).getBytes(StandardCharsets.UTF_8));
      String other = HexFormat.of().formatHex(sha.digest(), 0, 6);
      return new Model(config.withCache(cache), tokenizer, network, other, null, statePrecision);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** The same model, keeping h otherwise. */
  public Model withStatePrecision(StatePrecision precision) {
    return new Model(config, tokenizer, network, fingerprint, reference, precision);
  }

  /** The state before a key's first record. */
  public HiddenState initialState() {
    return network.initialState(tokenizer.endOfRecord());
  }

  /**
   * The state of an {@code ffnn} after a record, of which nothing else counts.
   *
   * @param tokens the last {@code window - 1} before the end-of-record token, oldest first
   */
  public HiddenState stateAfter(int[] tokens) {
    HiddenState state = HiddenState.zeros(config);
    System.arraycopy(tokens, 0, state.tokens(), 1, tokens.length);
    network.step(tokenizer.endOfRecord(), state, network.scratch());
    return state;
  }
}
