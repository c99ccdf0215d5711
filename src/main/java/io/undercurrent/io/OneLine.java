package io.undercurrent.io;

import java.util.regex.Pattern;

/**
 * Messages that quote foreign files. Names in such files may hold line ends and escape codes, and
 * may be megabytes long; none of this may get into a log.
 */
public final class OneLine {

  private static final int MAX_CHARS = 500;

  private static final Pattern UNSAFE = Pattern.compile("[\\p{Cc}\\p{Cf}\\x{2028}\\x{2029}]");

  private OneLine() {}

  /**
   * The message with a space for each control and format character and each separator of lines, cut
   * after 500 characters.
   */
  public static String of(String message) {
    return UNSAFE.matcher(start(message)).replaceAll(" ");
  }

  private static String start(String message) {
    if (message.length() <= MAX_CHARS) {
      return message;
    }
    boolean inPair =
        Character.isSurrogatePair(message.charAt(MAX_CHARS - 1), message.charAt(MAX_CHARS));
    return message.substring(0, inPair ? MAX_CHARS - 1 : MAX_CHARS) + "...";
  }
}
