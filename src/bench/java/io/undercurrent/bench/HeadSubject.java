package io.undercurrent.bench;

/** Who answers the calls of a {@link HeadCase}; owned by one thread. */
interface HeadSubject extends AutoCloseable {

  /**
   * What a call is answered with.
   *
   * @param logProbabilities (P) of the targets, nats
   * @param ids (ends, {@value HeadCase#TOP}) of the likeliest tokens at the ends, likeliest first
   * @param probabilities theirs
   */
  record Answer(double[] logProbabilities, int[] ids, double[] probabilities) {}

  /** As {@code head.json} calls it. */
  String name();

  /** Answers a call; the answer stays where it is computed. */
  void read(int call);

  /** What {@link #read} computed for a call. */
  Answer answer(int call);

  @Override
  void close();
}
