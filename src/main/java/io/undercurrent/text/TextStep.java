package io.undercurrent.text;

/** One rule of a {@link Normalizer}: rewrites a text piece by piece. Immutable and thread-safe. */
interface TextStep {

  /**
   * Reads one piece of the text and appends what it is read as.
   *
   * <p>A piece must be accepted by its own chars only: that the text ends or goes on behind it may
   * decide whether a longer piece is read instead, but not whether this one is read.
   *
   * @param limit where the text ends
   * @param at where the piece starts, less than {@code limit}
   * @param out what was read so far; the step only appends to it
   * @return the index behind the piece, more than {@code at}
   */
  int read(String text, int limit, int at, StringBuilder out);
}
