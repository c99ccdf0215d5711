package io.undercurrent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsTest {

  private static final String FILE = "some/model.safetensors";
  private static final List<Tensor> EXPECTED = List.of(new Tensor("a", 2, 3), new Tensor("b", 4));
  private static final String A = tensor("a", "F32", "[2,3]", 0, 24);
  private static final String B = tensor("b", "F32", "[4]", 24, 40);

  /** Bytes: far more than reading these files needs, far less than the sizes in their headers. */
  private static final long MAX_ALLOCATED = 16 << 20;

  @Test
  void shouldReadTensorsInAnyOrder() {
    ByteBuffer data = ByteBuffer.allocate(32).order(ByteOrder.LITTLE_ENDIAN);
    for (float b : new float[] {-1f, 0.1f, Float.MIN_VALUE, Float.MAX_VALUE}) {
      data.putFloat(b);
    }
    // a in half precision: 1, 2, -0.5, 0.25, 65504, 2^-24
    for (int half : new int[] {0x3c00, 0x4000, 0xb800, 0x3400, 0x7bff, 0x0001}) {
      data.putShort((short) half);
    }
    String header =
        "{\"__metadata__\":{\"format\":\"pt\"},"
            + tensor("a", "F16", "[2,3]", 16, 28)
            + ","
            + tensor("b", "F32", "[4]", 0, 16)
            + "}   ";

    Parameters read =
        Safetensors.read(FILE, file(header, Arrays.copyOf(data.array(), 28)), EXPECTED);

    assertThat(read.copy("a")).containsExactly(1f, 2f, -0.5f, 0.25f, 65504f, 0x1p-24f);
    assertThat(read.copy("b")).containsExactly(-1f, 0.1f, Float.MIN_VALUE, Float.MAX_VALUE);
  }

  @Test
  void shouldWriteWhatItReadsAndAlignTheDataToEightBytes() {
    Parameters parameters = new Parameters(EXPECTED);
    for (int i = 0; i < 10; i++) {
      parameters.values()[i] = i / 3f;
    }
    byte[] bytes = Safetensors.write(parameters, Safetensors.Dtype.F32);

    assertThat(Safetensors.read(FILE, bytes, EXPECTED).values())
        .containsExactly(parameters.values());
    long header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    assertThat(header % 8).isZero();
    assertThat(bytes).hasSize((int) (8 + header + 40));
    assertThat(new String(bytes, 8, (int) header, StandardCharsets.UTF_8))
        .startsWith("{" + A + "," + B + "}");
  }

  @ParameterizedTest
  @ValueSource(floats = {65520f, -1e30f, Float.NaN, Float.POSITIVE_INFINITY})
  void shouldRefuseToWriteAValueThatCouldNotBeRead(float value) {
    Parameters parameters = new Parameters(EXPECTED);
    parameters.values()[7] = value;

    assertThatThrownBy(() -> Safetensors.write(parameters, Safetensors.Dtype.F16))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("b[1] must be finite as F16, found " + value);
  }

  static Stream<Arguments> badHeaders() {
    return Stream.of(
        arguments("not JSON", "{" + A + "," + B, "header must be JSON"),
        arguments("JSON of another kind", "[1,2,3]", "header must be a JSON object"),
        arguments("nothing but spaces", "    ", "header must be a JSON object, found nothing"),
        arguments("more behind it", "{" + A + "," + B + "} x", "header must be JSON"),
        arguments("invalid UTF-8", "{" + A + ",\"\u00ff\":1}", "header must be UTF-8"),
        arguments("100,000 arrays", "[".repeat(100_000), "header must be JSON"),
        arguments("100,000 objects", "{\"a\":".repeat(100_000), "header must be JSON"),
        arguments("duplicate names", "{" + A + "," + B + "," + A + "}", "Duplicate field 'a'"),
        arguments(
            "duplicate keys of a tensor",
            "{" + A.replace("\"dtype\"", "\"dtype\":\"F16\",\"dtype\"") + "," + B + "}",
            "Duplicate field 'dtype'"),
        arguments("missing tensor", "{" + tensor("a", "F32", "[10]", 0, 40) + "}", "a: shape"),
        arguments(
            "missing tensor",
            "{" + A + "," + tensor("c", "F32", "[4]", 24, 40) + "}",
            "must have tensor b (4), found none"),
        arguments(
            "surplus tensor",
            "{" + A + "," + B + "," + tensor("c", "F32", "[0]", 40, 40) + "}",
            "tensors must be those of config.json, found also [c]"),
        arguments(
            "transposed",
            "{" + tensor("a", "F32", "[3,2]", 0, 24) + "," + B + "}",
            "a: shape must be (2, 3), found (3, 2)"),
        arguments(
            "other rank",
            "{" + A + "," + tensor("b", "F32", "[4,1]", 24, 40) + "}",
            "b: shape must be (4), found (4, 1)"),
        arguments(
            "nine dimensions",
            "{" + A + "," + tensor("b", "F32", "[4,1,1,1,1,1,1,1,1]", 24, 40) + "}",
            "b: shape must be an array of integers"),
        arguments(
            "I64",
            "{" + A + "," + tensor("b", "I64", "[2]", 24, 40) + "}",
            "b: dtype must be F32, F16 or BF16, found \"I64\""),
        arguments(
            "F64",
            "{" + A + "," + tensor("b", "F64", "[2]", 24, 40) + "}",
            "b: dtype must be F32, F16 or BF16, found \"F64\""),
        arguments("no dtype", "{\"a\":{}}", "a: dtype must be F32, F16 or BF16, found nothing"),
        arguments("no object", "{\"a\":5}", "a: dtype must be F32, F16 or BF16, found nothing"),
        arguments(
            "no offsets",
            "{\"a\":{\"dtype\":\"F32\",\"shape\":[2,3]}}",
            "a: data_offsets must be an array of integers, found nothing"),
        arguments(
            "overlapping",
            "{" + A + "," + tensor("b", "F32", "[4]", 20, 36) + "}",
            "b: data must begin at byte 24 (no gap, no overlap), found 20"),
        arguments(
            "with a gap",
            "{" + A + "," + tensor("b", "F32", "[4]", 28, 44) + "}",
            "b: data must begin at byte 24 (no gap, no overlap), found 28"),
        arguments(
            "begin > end",
            "{" + A + "," + tensor("b", "F32", "[4]", 40, 24) + "}",
            "b: data_offsets must be [begin, end], found [40,24]"),
        arguments(
            "three offsets",
            "{" + A + "," + B.replace("[24,40]", "[24,30,40]") + "}",
            "b: data_offsets must be [begin, end], found [24,30,40]"),
        arguments(
            "negative offset",
            "{" + tensor("a", "F32", "[2,3]", -24, 0) + "," + B + "}",
            "a: data_offsets must hold integers >= 0, found -24"),
        arguments(
            "negative dimensions",
            "{" + tensor("a", "F32", "[-2,-3]", 0, 24) + "," + B + "}",
            "a: shape must hold integers >= 0, found -2"),
        arguments(
            "fractions",
            "{" + tensor("a", "F32", "[2.0,3]", 0, 24) + "," + B + "}",
            "a: shape must hold integers >= 0, found 2.0"),
        arguments(
            "offsets beyond a long",
            "{" + A + "," + B.replace("40]", "18446744073709551656]") + "}",
            "b: data_offsets must hold integers >= 0, found 18446744073709551656"),
        arguments(
            "offsets beyond an int, equal modulo 2^32",
            "{" + A + "," + tensor("b", "F32", "[4]", 24 + (1L << 32), 40 + (1L << 32)) + "}",
            "b: data must begin at byte 24 (no gap, no overlap), found 4294967320"),
        arguments(
            "beyond the end",
            "{" + A + "," + tensor("b", "F32", "[400000000]", 24, 1600000024L) + "}",
            "must hold 1600000024 bytes of tensors, found 40"),
        arguments(
            "a span of the longest long",
            "{" + tensor("a", "F32", "[2,3]", 0, Long.MAX_VALUE) + "," + B + "}",
            "a: data_offsets must span 24 bytes for [2,3] of F32, found 9223372036854775807"),
        arguments(
            "a shape whose size is 24 modulo 2^64",
            "{" + tensor("a", "F32", "[1073741824,1073741824,16,6]", 0, 24) + "," + B + "}",
            "a: shape must fit in memory"),
        arguments(
            "a shape of 2^63 bytes",
            "{" + tensor("a", "F32", "[1073741824,1073741824,2]", 0, 24) + "," + B + "}",
            "a: shape must fit in memory"),
        arguments(
            "a name of several lines",
            "{\"x\\n\\u001b[31my\":{\"dtype\":\"I8\"}}",
            "x  [31my: dtype must be F32, F16 or BF16, found \"I8\""),
        arguments(
            "a surplus name of several lines",
            "{" + A + "," + B + "," + tensor("x\\ny", "F32", "[0]", 40, 40) + "}",
            "found also [x y]"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("badHeaders")
  void shouldRefuseAHostileHeaderInOneLine(String what, String header, String message) {
    byte[] bytes = file(header, new byte[40]);

    assertRefused(bytes, message);
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 1 << 20, 1L << 32, 1L << 40, Long.MAX_VALUE, -1, -8})
  void shouldRefuseAHeaderLengthBeyondTheFile(long length) {
    byte[] bytes = file("{" + A + "," + B + "}", new byte[40]);
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(length);

    assertRefused(bytes, "header length must be 2 to " + (bytes.length - 8) + ", found ");
  }

  @Test
  void shouldRefuseAHeaderOfMoreThanAMebibyte() {
    byte[] bytes = file("{" + A + "," + B + "}" + " ".repeat(1 << 20), new byte[40]);

    assertRefused(bytes, "header length must be 2 to 1048576, found ");
  }

  @Test
  void shouldRefuseAFileCutAtAnyByte() {
    byte[] whole = file("{" + A + "," + B + "}", new byte[40]);
    assertThat(Safetensors.read(FILE, whole, EXPECTED).values()).hasSize(10);
    for (int length = 0; length < whole.length; length++) {
      assertRefused(Arrays.copyOf(whole, length), "found ");
    }
    assertRefused(
        Arrays.copyOf(whole, whole.length + 1), "must hold 40 bytes of tensors, found 41");
  }

  @ParameterizedTest
  @ValueSource(ints = {0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001})
  void shouldRefuseWeightsThatAreNotFinite(int bits) {
    byte[] data = new byte[40];
    ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).putInt(32, bits);

    assertRefused(
        file("{" + A + "," + B + "}", data),
        "b[2] must be finite, found " + Float.intBitsToFloat(bits));
  }

  @Test
  void shouldRefuseHalfPrecisionWeightsThatAreNotFinite() {
    byte[] data = new byte[28];
    ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN).putShort(4, (short) 0xfc00);
    String header =
        "{" + tensor("a", "F16", "[2,3]", 0, 12) + "," + tensor("b", "F32", "[4]", 12, 28) + "}";

    assertRefused(file(header, data), "a[2] must be finite, found -Infinity");
  }

  private static void assertRefused(byte[] bytes, String message) {
    com.sun.management.ThreadMXBean memory =
        (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    long before = memory.getThreadAllocatedBytes(thread);
    Throwable thrown = catchThrowable(() -> Safetensors.read(FILE, bytes, EXPECTED));
    long allocated = memory.getThreadAllocatedBytes(thread) - before;

    assertThat(thrown).isInstanceOf(CheckpointException.class);
    assertThat(thrown.getMessage()).startsWith(FILE + ": ").contains(message).hasSizeLessThan(1000);
    assertThat(thrown.getMessage().chars()).noneMatch(Character::isISOControl);
    assertThat(allocated).isLessThan(MAX_ALLOCATED);
  }

  private static String tensor(String name, String dtype, String shape, long begin, long end) {
    return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
        .formatted(name, dtype, shape, begin, end);
  }

  private static byte[] file(String header, byte[] data) {
    byte[] headerBytes = header.getBytes(StandardCharsets.ISO_8859_1);
    return ByteBuffer.allocate(8 + headerBytes.length + data.length)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(headerBytes.length)
        .put(headerBytes)
        .put(data)
        .array();
  }
}
