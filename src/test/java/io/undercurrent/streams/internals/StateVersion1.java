package io.undercurrent.streams.internals;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.util.HexFormat;
import java.util.Map;
import java.util.stream.Collectors;

/** States and a memory entry that the code of format version 1 wrote, by name. */
final class StateVersion1 {

  private static final Map<String, byte[]> BYTES = load();

  private StateVersion1() {}

  static byte[] of(String name) {
    return BYTES.get(name).clone();
  }

  private static Map<String, byte[]> load() {
    try (InputStream in = StateVersion1.class.getResourceAsStream("/states/version-1.txt")) {
      return new String(in.readAllBytes(), US_ASCII)
          .lines()
          .map(line -> line.split(" "))
          .collect(Collectors.toMap(line -> line[0], line -> HexFormat.of().parseHex(line[1])));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
