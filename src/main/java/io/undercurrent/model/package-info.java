/**
 * The network: its configuration and parameters, its cells, each with forward and backward passes,
 * its heads, and the hidden state and memory that a key carries from record to record. Weights are
 * immutable and shared; state is passed in.
 *
 * <p>Tensor names, shapes and gate order are those of a PyTorch {@code state_dict}.
 *
 * <p>Internal: may change without notice, except for {@link io.undercurrent.model.Model}.
 */
package io.undercurrent.model;
