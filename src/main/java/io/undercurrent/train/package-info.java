/**
 * Training and evaluation: corpora, truncated back-propagation through time over packed streams of
 * records, Adam, early stopping, baselines. Meets serving only at the checkpoint.
 */
package io.undercurrent.train;
