package io.undercurrent.measure;

/** Told how far a measurement is, on the thread that measures. */
public interface Progress {

  /** A case begins, of so many records. */
  void begins(String what, long records);

  /** So many records are done. */
  void done(long records);

  /** The case has ended with a result, in words. */
  void ends(String result);
}
