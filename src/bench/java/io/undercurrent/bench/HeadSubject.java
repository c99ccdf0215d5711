package io.undercurrent.bench;

/** A library that computes the calls of a {@link HeadCase}. Owned by one thread. */
interface HeadSubject extends AutoCloseable {

  /**
   * The result of a call.
   *
   * @param logProbabilities (P) of the targets, nats
   * @param ids (ends, {@value HeadCase#TOP}) of the likeliest tokens at the ends, likeliest first
   * @param probabilities of these tokens
   */
  record Answer(double[] logProbabilities, int[] ids, double[] probabilities) {}

  /** The name in {@code head.json}. */
  String name();

  /** Computes a call. The result stays in the library's memory. */
  void read(int call);

  /** The result that {@link #read} computed for a call. */
  Answer answer(int call);

  @Override
  void close();
}
