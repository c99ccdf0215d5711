package io.undercurrent.io;

/**
 * Messages that quote foreign files. Names in such files may hold line ends and escape codes, and
 * may be megabytes long; none of this may get into a log.
 */
public final class OneLine {

  private static final int MAX_CHARS = 500;

  private OneLine() {}

  /** The message with a space for each control character, cut after 500 characters. */
  public static String of(String message) {
    String start =
        message.length() <= MAX_CHARS ? message : message.substring(0, MAX_CHARS) + "...";
    return start.replaceAll("\\p{Cntrl}", " ");
  }
}
