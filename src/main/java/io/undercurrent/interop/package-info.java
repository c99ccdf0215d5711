/**
 * Reads models of other libraries and turns them into checkpoints: networks of DL4J ({@link
 * io.undercurrent.interop.Dl4jNetwork}) and NumPy arrays named as in a PyTorch {@code state_dict}
 * ({@link io.undercurrent.interop.NumpyTensors}). Both give an {@link
 * io.undercurrent.interop.ImportedNetwork}; an {@link io.undercurrent.interop.ImportedVocabulary}
 * then puts its tokens in the order of a tokenizer, and the result is written as a checkpoint
 * folder.
 *
 * <p>This is the only package that uses ND4J. ND4J decodes the arrays; their headers are checked
 * first, because with a wrong header its native code aborts the JVM or reads past the end. Nothing
 * is deserialised as Java objects. Nothing here runs while records are enriched.
 */
package io.undercurrent.interop;
