package io.undercurrent.interop;

import java.util.Locale;

/** The heads of our networks. */
public enum Head {
  /** A softmax over the vocabulary. */
  NEXT_TOKEN,
  /** A softmax over negative, neutral and positive, which reads the record's last state. */
  SENTIMENT;

  /** As the command line and tensor names write it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
