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
}
