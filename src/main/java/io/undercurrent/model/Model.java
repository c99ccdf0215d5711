package io.undercurrent.model;

import io.undercurrent.text.Tokenizer;

/**
 * A model ready to use: configuration, vocabulary and weights. Immutable, shared by all threads.
 *
 * @param fingerprint twelve hexadecimal digits over configuration, tokenizer and tensors; a stored
 *     state is read only by the model that made it
 */
public record Model(ModelConfig config, Tokenizer tokenizer, Network network, String fingerprint) {

  public String name() {
    return config.name();
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
