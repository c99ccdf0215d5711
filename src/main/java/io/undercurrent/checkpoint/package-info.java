/**
 * Reads and writes models on disk: {@code config.json}, {@code tokenizer.json}, {@code
 * model.safetensors} and the model card in one folder. Sizes are checked before memory is allocated
 * for them. Nothing in a checkpoint is executed or deserialised as Java objects.
 */
package io.undercurrent.checkpoint;
