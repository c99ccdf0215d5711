package io.undercurrent.streams.internals;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

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
import java.util.HexFormat;
import java.util.SplittableRandom;
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

    assertThat(bytes).hasSize(45 + 8 * 2 * 3).hasSize(format.sizeInBytes());
    assertThat(HexFormat.of().formatHex(bytes, 0, 45))
        .isEqualTo(
            "01"
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
  }

  @Test
  void shouldWriteHInHalfPrecisionAndCInFull() {
    KeyState state = new KeyState(3, 27, 42L, 0.5, random(2, 3));

    byte[] bytes = half.serialize(state);

    assertThat(bytes).hasSize(45 + 6 * 2 * 3).hasSize(half.sizeInBytes());
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

    assertThat(bytes).hasSize(45 + 2 * 2 * 3).hasSize(half.sizeInBytes());
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
    "0, 2, 'format version must be 1, found 2'",
    "1, 8, 'contents must be 1 to 7, found 8'",
    "1, 2, 'length for 2 layers of 3 units must be 69, found 93'",
    "3, 1, 'length for 1 layers of 3 units must be 69, found 93'",
    "12, 4, 'flags must be 0 to 3, found 4'"
  })
  void shouldRefuseAnUnknownFormat(int offset, byte value, String message) {
    byte[] bytes = format.serialize(fresh(random(2, 3)));
    bytes[offset] = value;

    assertThatThrownBy(() -> format.deserialize(bytes))
        .isInstanceOf(StateFormatException.class)
        .hasMessage("stored state: " + message);
  }

  @Test
  void shouldRefuseShortAndLongStates() {
    byte[] bytes = format.serialize(fresh(random(2, 3)));

    assertThatThrownBy(() -> format.deserialize(new byte[44]))
        .hasMessage("stored state: length must be at least 45, found 44");
    assertThatThrownBy(() -> format.deserialize(java.util.Arrays.copyOf(bytes, bytes.length - 1)))
        .hasMessage("stored state: length for 2 layers of 3 units must be 93, found 92");
    assertThatThrownBy(() -> format.deserialize(java.util.Arrays.copyOf(bytes, bytes.length + 4)))
        .hasMessage("stored state: length for 2 layers of 3 units must be 93, found 97");
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
    "GRU, 1, 69",
    "MINGRU, 1, 69",
    "SRU, 1, 81",
    "RNN, 1, 69",
    "FFNN, 1, 45",
    "FFNN, 4, 57"
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

    assertThat(bytes).hasSize(45 + 2 * 3 + 3 * 2 * 3).hasSize(half.sizeInBytes());
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
    assertThatThrownBy(() -> tokens.deserialize(bytes))
        .hasMessage("stored state: token 2 must be -1 to %d, found %d", last, last + 1);
    ByteBuffer.wrap(bytes).putInt(45, 3).putInt(53, 3);
    assertThatThrownBy(() -> tokens.deserialize(bytes))
        .hasMessage("stored state: token 1 must be 0 to %d, found -1", last);
    ByteBuffer.wrap(bytes).putShort(4, (short) 7);
    assertThatThrownBy(() -> tokens.deserialize(bytes))
        .hasMessage("stored state: length for 7 tokens must be 73, found 57");
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
