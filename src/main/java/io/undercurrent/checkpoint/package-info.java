/**
 * Models on disk: {@code config.json}, the tokenizer, {@code model.safetensors} and the model card
 * in one folder. Everything read is checked before memory is taken for it, and nothing in a
 * checkpoint is ever executed or deserialised as Java objects.
 */
package io.undercurrent.checkpoint;
