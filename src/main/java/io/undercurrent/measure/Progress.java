package io.undercurrent.measure;

/** Listens to the progress of a measurement. Called on the thread that measures. */
public interface Progress {

  /** A case starts that has so many records. */
  void begins(String what, long records);

  /** So many records are done. */
  void done(long records);

  /** The case has ended. {@code result} describes its result in words. */
  void ends(String result);
}
