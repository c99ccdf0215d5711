/**
 * Training and evaluation: corpora, truncated back-propagation through time over packed streams of
 * records, Adam, early stopping, baselines, curves of a run, and a diagnosis of gradients that
 * vanish and explode. Meets serving only at the checkpoint.
 */
package io.undercurrent.train;
