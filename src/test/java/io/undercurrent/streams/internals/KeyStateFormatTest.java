package io.undercurrent.streams.internals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.inference.KeyState;
import io.undercurrent.kernel.Float16;
import io.undercurrent.model.CellType;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.StatePrecision;
import io.undercurrent.model.TinyModel;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyStateFormatTest {

  private final KeyStateFormat format = new KeyStateFormat(model(2, 3, "0123456789ab"));
  private final KeyStateFormat half =
      new KeyStateFormat(model(2, 3, "0123456789ab").withStatePrecision(StatePrecision.FP16));

  @Test
  void shouldReadBackWhatItWrote() {
    KeyState state = new KeyState(7, 91, 1_790_000_000_000L, -0.625, random(2, 3));

    assertThat(format.deserialize(format.serialize(state))).contains(state);
  }

  @Test
  void shouldDistinguishMissingTimestampAndScoreFromZero() {
    KeyState none = new KeyState(1, 0, null, null, random(2, 3));
    KeyState zero = new KeyState(1, 0, 0L, 0.0, random(2, 3));

    assertThat(format.deserialize(format.serialize(none))).contains(none);
    assertThat(format.deserialize(format.serialize(zero))).contains(zero);
    assertThat(format.serialize(none)).isNotEqualTo(format.serialize(zero));
  }

  @Test
  void shouldKeepEveryBitOfEveryFloat() {
    HiddenState odd = HiddenState.zeros(model(2, 3, "0123456789ab").config());
    odd.h()[0] = new float[] {-0f, Float.MIN_VALUE, Float.MAX_VALUE};
    odd.c()[1] = new float[] {Float.intBitsToFloat(0x7f800000), 1e-39f, -1f / 3};

    HiddenState back = format.deserialize(format.serialize(fresh(odd))).orElseThrow().hidden();

    assertThat(Float.floatToRawIntBits(back.h()[0][0])).isEqualTo(0x80000000);
    assertThat(back).isEqualTo(odd);
  }

  @Test
  void shouldWriteTheDocumentedLayout() {
    KeyState state = new KeyState(3, 27, 42L, 0.5, random(2, 3));

    byte[] bytes = format.serialize(state);

    assertThat(bytes).hasSize(45 + 8 * 2 * 3 + 4).hasSize(format.sizeInBytes());
    assertThat(HexFormat.of().formatHex(bytes, 0, 45))
        .isEqualTo(
            "02"
                + "01"
                + "0002"
                + "0003"
                + "0123456789ab"
                + "03"
                + "000000000000002a"
                + "0000000000000003"
                + "000000000000001b"
                + "3fe0000000000000");
    ByteBuffer floats = ByteBuffer.wrap(bytes, 45, 48);
    assertThat(floats.getFloat()).isEqualTo(state.hidden().h()[0][0]);
    assertThat(floats.getFloat(45 + 24)).isEqualTo(state.hidden().c()[0][0]);
    CRC32C sum = new CRC32C();
    sum.update(bytes, 0, 93);
    assertThat(ByteBuffer.wrap(bytes).getInt(93)).isEqualTo((int) sum.getValue());
  }

  /** A state of version 1 becomes one of version 2 with its key's next record. */
  @Test
  void shouldReadStatesOfVersion1() {
    KeyState state = new KeyState(7, 91, 1_790_000_000_000L, -0.625, random(2, 3));
    assertThat(format.deserialize(StateVersion1.of("lstm-fp32"))).contains(state);
    StatePrecision.FP16.round(state.hidden(), CellType.LSTM);
    assertThat(half.deserialize(StateVersion1.of("lstm-fp16"))).contains(state);
  }

  @ParameterizedTest
  @CsvSource({
    "FFNN, FP32",
    "RNN, FP32",
    "RNN, FP16",
    "GRU, FP32",
    "GRU, FP16",
    "SRU, FP32",
    "SRU, FP16",
    "MINGRU, FP32",
    "MINGRU, FP16"
  })
  void shouldReadStatesOfVersion1OfEveryKind(CellType kind, StatePrecision precision) {
    Model model =
        TinyModel.of(kind, kind == CellType.FFNN ? 4 : 1, 4, 3, 2, Pooling.LAST, 1)
            .model()
            .withStatePrecision(precision);
    KeyStateFormat format = new KeyStateFormat(model);
    KeyState state = new KeyState(3, 27, null, null, model.initialState());
    byte[] before = StateVersion1.of(kind + "-" + precision);

    byte[] now = format.serialize(state);

    assertThat(format.deserialize(before)).isPresent().isEqualTo(format.deserialize(now));
    assertThat(Arrays.copyOfRange(now, 1, before.length))
        .isEqualTo(Arrays.copyOfRange(before, 1, before.length));
  }

  @Test
  void shouldNoticeEveryFlippedBit() {
    Model shipped = Checkpoint.load(Checkpoint.DEFAULT);
    KeyStateFormat format = new KeyStateFormat(shipped);
    byte[] good = format.serialize(fresh(shipped.initialState()));
    assertThat(good).hasSize(1_969);

    for (int bit = 0; bit < 8 * good.length; bit++) {
      byte[] bytes = good.clone();
      bytes[bit / 8] ^= (byte) (1 << bit % 8);
      assertThatThrownBy(() -> format.deserialize(bytes))
          .as("bit %d", bit)
          .isInstanceOf(StateFormatException.class);
    }
    assertThat(format.deserialize(good)).isPresent();
  }

  /** Otherwise the key would produce dead letters for ever. */
  @Test
  void shouldRefuseNumbersThatAreNotFiniteInAStateWithoutAChecksum() {
    byte[] bytes = StateVersion1.of("lstm-fp32");
    ByteBuffer.wrap(bytes).putFloat(45, Float.NaN);

    assertThatThrownBy(() -> format.deserialize(bytes))
        .isInstanceOf(StateFormatException.class)
        .hasMessage("stored state: h and c must be finite numbers, found NaN or an infinity");
  }

  @Test
  void shouldTellAStateOfALaterVersionFromABrokenOne() {
    byte[] bytes = format.serialize(fresh(random(2, 3)));
    bytes[0] = 3;

    assertThatThrownBy(() -> format.deserialize(bytes)).isInstanceOf(StateFormatException.class);
    assertThatThrownBy(() -> format.deserialize(sealed(bytes)))
        .isInstanceOf(NewerStateException.class)
        .hasMessage(
            "stored state: format version is 3, and this version reads up to 2: a later version"
                + " wrote it, so run that version");
  }

  @Test
  void shouldWriteHInHalfPrecisionAndCInFull() {
    KeyState state = new KeyState(3, 27, 42L, 0.5, random(2, 3));

    byte[] bytes = half.serialize(state);

    assertThat(bytes).hasSize(45 + 6 * 2 * 3 + 4).hasSize(half.sizeInBytes());
    assertThat(bytes[1]).isEqualTo((byte) 4);
    ByteBuffer floats = ByteBuffer.wrap(bytes);
    float h = state.hidden().h()[1][2];
    assertThat(Float16.toFloat(floats.getShort(45 + 10))).isCloseTo(h, within(0x1p-11f));
    assertThat(floats.getFloat(45 + 12)).isEqualTo(state.hidden().c()[0][0]);
    KeyState back = half.deserialize(bytes).orElseThrow();
    StatePrecision.FP16.round(state.hidden(), CellType.LSTM);
    assertThat(back).isEqualTo(state);
    assertThat(half.serialize(back)).isEqualTo(bytes);
  }

  /** A store changes to another precision key by key, with each key's next record. */
  @Test
  void shouldReadStatesOfEitherPrecision() {
    KeyState state = new KeyState(3, 27, 42L, 0.5, random(2, 3));
    byte[] full = format.serialize(state);

    assertThat(half.deserialize(full)).contains(state);
    assertThat(format.deserialize(half.serialize(state)))
        .isEqualTo(half.deserialize(half.serialize(state)));
  }

  @ParameterizedTest
  @CsvSource({"GRU", "RNN"})
  void shouldRecogniseThePrecisionOfAStateWithoutC(CellType kind) {
    Model model = TinyModel.of(kind, 1, 4, 3, 2, Pooling.LAST, 1).model();
    KeyStateFormat full = new KeyStateFormat(model.withStatePrecision(StatePrecision.FP32));
    KeyStateFormat half = new KeyStateFormat(model.withStatePrecision(StatePrecision.FP16));
    KeyState state = fresh(model.initialState());

    byte[] bytes = half.serialize(state);

    assertThat(bytes).hasSize(45 + 2 * 2 * 3 + 4).hasSize(half.sizeInBytes());
    assertThat(full.deserialize(bytes)).isEqualTo(half.deserialize(bytes));
    assertThat(half.deserialize(full.serialize(state))).contains(state);
    assertThatThrownBy(() -> format.deserialize(bytes))
        .hasMessage("stored state: contents must be 1, found 5");
  }

  @Test
  void shouldNotReadTheStateOfAnotherModelWhateverItsShape() {
    byte[] sameShape =
        new KeyStateFormat(model(2, 3, "ffffffffffff")).serialize(fresh(random(2, 3)));
    byte[] otherShape =
        new KeyStateFormat(model(1, 5, "ffffffffffff")).serialize(fresh(random(1, 5)));

    assertThat(format.deserialize(sameShape)).isEmpty();
    assertThat(format.deserialize(otherShape)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "0, 3, 'format version must be 1 or 2, found 3'",
    "1, 8, 'contents must be 1 to 7, found 8'",
    "1, 2, 'length for 2 layers of 3 units must be 73, found 97'",
    "3, 1, 'length for 1 layers of 3 units must be 73, found 97'",
    "12, 4, 'flags must be 0 to 3, found 4'"
  })
  void shouldRefuseAnUnknownFormat(int offset, byte value, String message) {
    byte[] bytes = format.serialize(fresh(random(2, 3)));
    bytes[offset] = value;

    assertThatThrownBy(() -> format.deserialize(offset == 0 ? bytes : sealed(bytes)))
        .isInstanceOf(StateFormatException.class)
        .hasMessage("stored state: " + message);
  }

  @Test
  void shouldRefuseShortAndLongStates() {
    byte[] bytes = format.serialize(fresh(random(2, 3)));

    assertThatThrownBy(() -> format.deserialize(new byte[44]))
        .hasMessage("stored state: length must be at least 45, found 44");
    assertThatThrownBy(() -> format.deserialize(Arrays.copyOf(bytes, bytes.length - 1)))
        .hasMessageStartingWith("stored state: checksum must be ");
    assertThatThrownBy(() -> format.deserialize(sealed(Arrays.copyOf(bytes, bytes.length - 1))))
        .hasMessage("stored state: length for 2 layers of 3 units must be 97, found 96");
    assertThatThrownBy(() -> format.deserialize(sealed(Arrays.copyOf(bytes, bytes.length + 4))))
        .hasMessage("stored state: length for 2 layers of 3 units must be 97, found 101");
    byte[] version1 = Arrays.copyOf(StateVersion1.of("lstm-fp32"), 92);
    assertThatThrownBy(() -> format.deserialize(version1))
        .hasMessage("stored state: length for 2 layers of 3 units must be 93, found 92");
  }

  @Test
  void shouldRefuseItsOwnFingerprintWithAnotherShape() {
    byte[] bytes = new KeyStateFormat(model(2, 4, "0123456789ab")).serialize(fresh(random(2, 4)));

    assertThatThrownBy(() -> format.deserialize(bytes))
        .hasMessage("stored state: hidden size must be 3, found 4");
  }

  @Test
  void shouldReturnNewArrays() {
    byte[] bytes = format.serialize(fresh(random(2, 3)));
    byte[] before = bytes.clone();

    KeyState state = format.deserialize(bytes).orElseThrow();
    state.hidden().h()[0][0] = 99;
    format.serialize(state)[50] = 1;

    assertThat(bytes).isEqualTo(before);
  }

  @ParameterizedTest
  @CsvSource({
    "GRU, 1, 73",
    "MINGRU, 1, 73",
    "SRU, 1, 85",
    "RNN, 1, 73",
    "FFNN, 1, 49",
    "FFNN, 4, 61"
  })
  void shouldStoreOnlyTheStateOfTheCellType(CellType kind, int window, int size) {
    Model model =
        TinyModel.of(kind, window, 4, 3, 2, Pooling.LAST, 1)
            .model()
            .withStatePrecision(StatePrecision.FP32);
    KeyStateFormat format = new KeyStateFormat(model);
    HiddenState hidden = model.initialState();
    model.statePrecision().round(hidden, kind);
    Network.Scratch scratch = model.network().scratch();
    for (int record = 0; record < 3; record++) {
      KeyState state = new KeyState(record, 91, 1_790_000_000_000L, -0.625, hidden);

      byte[] bytes = format.serialize(state);

      assertThat(bytes).hasSize(size).hasSize(format.sizeInBytes());
      assertThat(format.deserialize(bytes)).contains(state);
      model.network().step(5 + record, hidden, scratch);
      model.network().step(model.tokenizer().endOfRecord(), hidden, scratch);
      model.statePrecision().round(hidden, kind);
    }
  }

  @Test
  void shouldWriteTheTopHInHalfPrecisionAndCOfAnSruIn24Bits() {
    Model model =
        TinyModel.of(CellType.SRU, 1, 4, 3, 2, Pooling.LAST, 1)
            .model()
            .withStatePrecision(StatePrecision.FP16);
    KeyStateFormat half = new KeyStateFormat(model);
    KeyState state = fresh(model.initialState());

    byte[] bytes = half.serialize(state);

    assertThat(bytes).hasSize(45 + 2 * 3 + 3 * 2 * 3 + 4).hasSize(half.sizeInBytes());
    assertThat(bytes[1]).isEqualTo((byte) 7);
    KeyState back = half.deserialize(bytes).orElseThrow();
    StatePrecision.FP16.round(state.hidden(), CellType.SRU);
    assertThat(back).isEqualTo(state);
    assertThat(half.serialize(back)).isEqualTo(bytes);
    KeyStateFormat full = new KeyStateFormat(model.withStatePrecision(StatePrecision.FP32));
    assertThat(full.deserialize(bytes)).contains(state);
  }

  @Test
  void shouldRefuseContentsOfAnotherCellTypeAndInvalidTokens() {
    Model model = TinyModel.of(CellType.FFNN, 4, 4, 3, 2, Pooling.LAST, 1).model();
    KeyStateFormat tokens = new KeyStateFormat(model);
    byte[] bytes = tokens.serialize(fresh(model.initialState()));

    assertThatThrownBy(() -> format.deserialize(bytes))
        .hasMessage("stored state: contents must be 1, found 3");
    int last = model.config().vocabSize() - 1;
    ByteBuffer.wrap(bytes).putInt(53, last + 1);
    assertThatThrownBy(() -> tokens.deserialize(sealed(bytes)))
        .hasMessage("stored state: token 2 must be -1 to %d, found %d", last, last + 1);
    ByteBuffer.wrap(bytes).putInt(45, 3).putInt(53, 3);
    assertThatThrownBy(() -> tokens.deserialize(sealed(bytes)))
        .hasMessage("stored state: token 1 must be 0 to %d, found -1", last);
    ByteBuffer.wrap(bytes).putShort(4, (short) 7);
    assertThatThrownBy(() -> tokens.deserialize(sealed(bytes)))
        .hasMessage("stored state: length for 7 tokens must be 77, found 61");
  }

  /** The bytes with the right checksum. */
  private static byte[] sealed(byte[] bytes) {
    ByteBuffer to = ByteBuffer.allocate(bytes.length);
    to.put(bytes, 0, bytes.length - FormatVersion.CHECKSUM_BYTES);
    FormatVersion.seal(to);
    return to.array();
  }

  private static Model model(int layers, int size, String fingerprint) {
    Model model = TinyModel.of(4, size, layers, Pooling.LAST, 1).model();
    return new Model(model.config(), model.tokenizer(), model.network(), fingerprint)
        .withStatePrecision(StatePrecision.FP32);
  }

  private static HiddenState random(int layers, int size) {
    SplittableRandom random = new SplittableRandom(layers * 31L + size);
    HiddenState state = HiddenState.zeros(model(layers, size, "0123456789ab").config());
    for (float[][] rows : new float[][][] {state.h(), state.c()}) {
      for (float[] row : rows) {
        for (int u = 0; u < row.length; u++) {
          row[u] = (float) (random.nextDouble() * 4 - 2);
        }
      }
    }
    return state;
  }

  private static KeyState fresh(HiddenState hidden) {
    return new KeyState(0, 0, null, null, hidden);
  }
}
