package io.undercurrent.enrich;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import io.undercurrent.text.Utf8;

/** Any key in each encoding, and any text as a key: the way back leads to the same key. */
public final class KeyEncodingFuzz implements FuzzTarget {

  /** Choice: the encoding. */
  @Override
  public void read(byte[] bytes) {
    Input input = new Input(bytes);
    KeyEncoding encoding = KeyEncoding.values()[input.choice(KeyEncoding.values().length)];
    ofBytes(encoding, input.rest());
    ofText(encoding, input.text());
  }

  private static void ofBytes(KeyEncoding encoding, byte[] key) {
    String text;
    try {
      text = encoding.text(key);
    } catch (IllegalArgumentException e) {
      return; // not of this encoding
    }
    assertThat(encoding.bytes(text)).isEqualTo(key);
  }

  private static void ofText(KeyEncoding encoding, String text) {
    byte[] key;
    try {
      key = encoding.bytes(text);
    } catch (IllegalArgumentException e) {
      return; // not of this encoding
    }
    String usual = encoding.text(key);
    assertThat(encoding.bytes(usual)).isEqualTo(key);
    if (encoding == KeyEncoding.TEXT) {
      assertThat(usual).isEqualTo(Utf8.withoutLoneSurrogates(text));
    }
  }
}
