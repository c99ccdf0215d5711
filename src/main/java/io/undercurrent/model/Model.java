package io.undercurrent.model;

import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.text.Tokenizer;

/**
 * A model ready to use: configuration, tokenizer, network, and the precision of the states that it
 * makes. Immutable, shared by all threads.
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
   * @param fingerprint twelve hexadecimal digits, see {@link Fingerprint}. A stored state is read
   *     only by a model with the fingerprint of the one that made it
   * @param reference what drift is measured against; null if drift is not measured
   * @param statePrecision the precision of h in states. Whoever runs the model chooses it, so it is
   *     not in the fingerprint. A state of the other precision is read too; the key's next record
   *     writes one of this precision
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

  /** A model without a reference for drift, with the state precision that suits its kind. */
  public Model(ModelConfig config, Tokenizer tokenizer, Network network, String fingerprint) {
    this(config, tokenizer, network, fingerprint, null, StatePrecision.suiting(config.kind()));
  }

  /** The same model with a reference for drift, or without one if it is null. */
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

  /** The outputs that drift is measured against; null if drift is not measured. */
  public DriftReference reference() {
    return reference;
  }

  /** The precision of h in states. */
  public StatePrecision statePrecision() {
    return statePrecision;
  }

  public String name() {
    return config.name();
  }

  /**
   * (V) whether each token may be offered as a next word. All threads read it, so callers must not
   * write to it.
   */
  public boolean[] words() {
    return words;
  }

  /**
   * The same network with another continuous cache, which needs no training. Unless the cache is
   * equal it gives other results, so it has another fingerprint, that of a checkpoint with this
   * cache, and no reference for drift.
   */
  public Model withCache(Cache cache) {
    if (cache.equals(config.cache())) {
      return this;
    }
    return new Model(
        config.withCache(cache),
        tokenizer,
        network,
        Fingerprint.exchange(fingerprint, config.cache(), cache),
        null,
        statePrecision);
  }

  /** The same model with another precision of h in states. */
  public Model withStatePrecision(StatePrecision precision) {
    return new Model(config, tokenizer, network, fingerprint, reference, precision);
  }

  /** The state before a key's first record. */
  public HiddenState initialState() {
    return network.initialState(tokenizer.endOfRecord());
  }

  /**
   * The state of an {@code ffnn} after a record. It depends only on the last tokens.
   *
   * @param tokens the last {@code window - 1} tokens before the end-of-record token, oldest first
   */
  public HiddenState stateAfter(int[] tokens) {
    HiddenState state = HiddenState.zeros(config);
    System.arraycopy(tokens, 0, state.tokens(), 1, tokens.length);
    network.step(tokenizer.endOfRecord(), state, network.scratch());
    return state;
  }
}
