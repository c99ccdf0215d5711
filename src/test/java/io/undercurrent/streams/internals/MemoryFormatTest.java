package io.undercurrent.streams.internals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.TinyModel;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MemoryFormatTest {

  private static final Cache TEN = new Cache(10, 1, 0.1f);

  private final MemoryFormat format = new MemoryFormat(model(new Attention(3, 4), TEN));

  /** H = 13: 26 bytes a row. */
  @ParameterizedTest
  @CsvSource({
    "3, 0, 1, 1, 51",
    "3, 0, 20, 1, 127",
    "0, 10, 1, 2, 77",
    "3, 10, 9, 10, 317",
    "3, 10, 20, 10, 361"
  })
  void shouldReadBackWhatItWroteAndKnowItsSize(
      int records, int cache, int tokens, int rows, int size) {
    Attention attention = records == 0 ? Attention.NONE : new Attention(records, 4);
    MemoryFormat format =
        new MemoryFormat(model(attention, cache == 0 ? Cache.NONE : new Cache(cache, 1, 0.1f)));
    Memory.Entry entry = entry(tokens, rows);

    byte[] bytes = format.serialize(entry);

    assertThat(bytes).hasSize(size);
    assertThat(format.sizeInBytes(tokens)).isEqualTo(size);
    assertThat(format.deserialize(7, bytes)).get().usingRecursiveComparison().isEqualTo(entry);
  }

  @Test
  void shouldWriteTheDocumentedLayout() {
    Memory.Entry entry = entry(2, 3);

    byte[] bytes = format.serialize(entry);

    assertThat(HexFormat.of().formatHex(bytes, 0, 17))
        .isEqualTo("02" + "000d" + "0123456789ab" + "00000002" + "00000003");
    ByteBuffer rest = ByteBuffer.wrap(bytes, 17, bytes.length - 17);
    assertThat(rest.getInt()).isEqualTo(entry.tokens()[0]);
    assertThat(rest.getInt()).isEqualTo(entry.tokens()[1]);
    assertThat(rest.getShort()).isEqualTo(entry.h()[0][0]);
    assertThat(rest.getShort(17 + 8 + 26)).isEqualTo(entry.h()[1][0]);
  }

  @Test
  void shouldReadEntriesOfVersion1() {
    byte[] before = StateVersion1.of("memory");
    byte[] now = format.serialize(entry(2, 3));

    assertThat(format.deserialize(7, before))
        .get()
        .usingRecursiveComparison()
        .isEqualTo(entry(2, 3));
    assertThat(Arrays.copyOfRange(now, 1, before.length))
        .isEqualTo(Arrays.copyOfRange(before, 1, before.length));
  }

  @Test
  void shouldNoticeEveryFlippedBit() {
    byte[] good = format.serialize(entry(20, 10));

    for (int bit = 0; bit < 8 * good.length; bit++) {
      byte[] bytes = good.clone();
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> format.deserialize(7, bytes))
          .as("bit %d", bit)
          .isInstanceOf(StateFormatException.class);
    }
    assertThat(format.deserialize(7, good)).isPresent();
  }

  @Test
  void shouldTellAnEntryOfALaterVersionFromABrokenOne() {
    byte[] bytes = format.serialize(entry(2, 3));
    bytes[0] = 3;

    assertThatThrownBy(() -> format.deserialize(7, sealed(bytes)))
        .isInstanceOf(NewerStateException.class)
        .hasMessageStartingWith("stored state: memory format version is 3, ");
  }

  @Test
  void shouldNotReadEntriesOfAnotherModel() {
    Model other = model(new Attention(3, 4), TEN).withCache(new Cache(10, 2, 0.1f));

    byte[] bytes = new MemoryFormat(other).serialize(entry(2, 3));

    assertThat(format.deserialize(7, bytes)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0  | 3  | memory format version must be 1 or 2, found 3",
        "2  | 12 | memory length for 2 tokens and 3 rows of 12 units must be 101, found 107",
        "12 | 3  | memory length for 3 tokens and 3 rows of 13 units must be 111, found 107",
        "9  | -1 | memory must be 1 row for 1 token or more, found 3 rows for -16777214 tokens",
        "13 | -1 | memory must be 1 row for 1 token or more, found -16777213 rows for 2 tokens",
        "12 | 0  | memory must be 1 row for 1 token or more, found 3 rows for 0 tokens",
        "16 | 0  | memory must be 1 row for 1 token or more, found 0 rows for 2 tokens",
        "16 | 4  | memory must be 1 row for 1 token or more, found 4 rows for 2 tokens",
        "17 | 1  | memory token 0 must be 0 to "
      })
  void shouldRefuseAnUnknownFormat(int offset, byte value, String message) {
    byte[] bytes = format.serialize(entry(2, 3));
    bytes[offset] = value;

    assertThatThrownBy(() -> format.deserialize(7, offset == 0 ? bytes : sealed(bytes)))
        .isInstanceOf(StateFormatException.class)
        .hasMessageStartingWith("stored state: " + message);
  }

  @Test
  void shouldRefuseEveryTruncation() {
    byte[] bytes = format.serialize(entry(2, 3));

    for (int length = 0; length < bytes.length; length++) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> format.deserialize(7, cut)).isInstanceOf(StateFormatException.class);
    }
    byte[] version1 = StateVersion1.of("memory");
    for (int length = 0; length < version1.length; length++) {
      byte[] cut = Arrays.copyOf(version1, length);
      assertThatThrownBy(() -> format.deserialize(7, cut))
          .isInstanceOf(StateFormatException.class)
          .hasMessageContaining("length");
    }
  }

  @Test
  void shouldRefuseItsFingerprintWithAnotherNumberOfRows() {
    byte[] bytes = format.serialize(entry(5, 3));

    assertThatThrownBy(() -> format.deserialize(7, bytes))
        .hasMessage("stored state: memory rows for 5 tokens must be 6, found 3");
  }

  /**
   * Any bytes are read as an entry, as another model's entry, or refused with a
   * StateFormatException.
   */
  @Test
  void shouldReadOrRefuseAnyBytes() {
    SplittableRandom random = new SplittableRandom(1);
    byte[] good = format.serialize(entry(2, 3));
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = good.clone();
      for (int flips = 1 + random.nextInt(3); flips > 0; flips--) {
        bytes[random.nextInt(random.nextInt(10) == 0 ? bytes.length : 25)] ^=
            (byte) (1 << random.nextInt(8));
      }
      try {
        format.deserialize(7, random.nextBoolean() ? bytes : sealed(bytes));
      } catch (NewerStateException e) {
        assertThat(bytes[0]).isNotIn((byte) 1, (byte) 2);
      } catch (StateFormatException e) {
        assertThat(e).hasMessageStartingWith("stored state: memory ");
      }
    }
  }

  /** The bytes with the right checksum. */
  private static byte[] sealed(byte[] bytes) {
    ByteBuffer to = ByteBuffer.allocate(bytes.length);
    to.put(bytes, 0, bytes.length - FormatVersion.CHECKSUM_BYTES);
    FormatVersion.seal(to);
    return to.array();
  }

  private static Model model(Attention attention, Cache cache) {
    return TinyModel.looking(attention, cache, 1).model();
  }

  private static Memory.Entry entry(int tokens, int rows) {
    SplittableRandom random = new SplittableRandom(tokens);
    short[][] h = new short[rows][13];
    for (short[] row : h) {
      for (int u = 0; u < row.length; u++) {
        row[u] = (short) random.nextInt();
      }
    }
    return new Memory.Entry(7, random.ints(tokens, 0, 12).toArray(), h);
  }
}
