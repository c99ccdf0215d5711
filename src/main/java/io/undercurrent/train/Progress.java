package io.undercurrent.train;

import java.util.List;

/** Receives a run's progress, on the thread that trains. */
public interface Progress {

  /** Receives a message, for example about reading data. */
  void says(String line);

  /**
   * A chunk is learnt.
   *
   * @param epoch from 1
   * @param done tokens of the epoch so far
   * @param all tokens of the epoch
   * @param sentimentLoss running mean cross-entropy of labelled records, nats
   * @param nextLoss running mean cross-entropy of next tokens, nats
   * @param gradientNorm global norm before clipping
   */
  void chunk(
      int epoch, long done, long all, double sentimentLoss, double nextLoss, double gradientNorm);

  /**
   * An epoch has ended and is scored on the dev sources.
   *
   * @param epoch from 1; 0 for the scores of the checkpoint that the run starts from
   * @param best whether the score is the best so far; always false for epoch 0
   */
  void epoch(int epoch, List<Evaluation.Result> results, boolean best);
}
