package io.undercurrent.interop;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Reads arrays with ND4J: its own binary format and NumPy's {@code .npy}. The headers are checked
 * before ND4J gets the bytes, because its native code reads past the end of an array that is too
 * short, and aborts the JVM if the byte order is not the machine's.
 */
final class Nd4jArrays {

  /** The largest header, in bytes, in both formats. */
  static final int MAX_HEADER_BYTES = 10 + 65_535;

  /** The largest value, in bytes. */
  static final int MAX_VALUE_BYTES = 8;

  /** The allocation mode before each buffer, as 1.0.0-M2.1 writes it. */
  private static final String MODE = "MIXED_DATA_TYPES";

  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};

  private static final Pattern HEADER =
      Pattern.compile(
          "\\{'descr': '([^']{1,20})', 'fortran_order': (True|False), 'shape': \\(([0-9, ]{0,80})\\),"
              + " \\} *\n");

  /** NumPy's dtypes and their sizes in bytes. */
  private static final Map<String, Integer> DTYPES = Map.of("<f2", 2, "<f4", 4, "<f8", 8);

  /** A type in ND4J's shape information: its size in bytes, and its flag in the options. */
  private enum Type {
    HALF(2, 4096),
    FLOAT(4, 8192),
    DOUBLE(8, 16_384);

    private final int bytes;
    private final long flag;

    Type(int bytes, long flag) {
      this.bytes = bytes;
      this.flag = flag;
    }
  }

  private Nd4jArrays() {}

  /** Loads ND4J, which takes a second or more. */
  private static void load() {
    try {
      Nd4j.getBackend();
    } catch (LinkageError | RuntimeException e) {
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      throw new ImportException("ND4J must load on this machine, found: " + root, e);
    }
  }

  /**
   * Reads a vector that {@code Nd4j.write} wrote: a buffer of shape information, then a buffer of
   * values, each after its allocation mode, length and type. Values of other types are rounded to
   * float.
   *
   * @param what the array's name, for error messages
   * @param length the number of values that it must have
   * @throws ImportException if it is not such a vector of finite values, or ND4J cannot be loaded
   */
  static float[] vector(String what, byte[] bytes, int length) {
    checkVector(what, bytes, length);
    load();
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      return finite(what, Nd4j.read(in).data().asFloat());
    } catch (IOException e) {
      throw new ImportException(what + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static void checkVector(String what, byte[] bytes, int length) {
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      long longs = buffer(what, in, "LONG");
      require(what, longs == 6 || longs == 8, "have 6 or 8 numbers of shape", longs);
      long[] shape = new long[(int) longs];
      for (int i = 0; i < shape.length; i++) {
        shape[i] = in.readLong();
      }
      String mode = in.readUTF();
      require(what, mode.equals(MODE), "have " + MODE + " values", mode);
      long values = in.readLong();
      require(
          what, values == length, "have the " + length + " values of the configuration", values);
      String name = in.readUTF();
      Type type =
          Arrays.stream(Type.values())
              .filter(t -> t.name().equals(name))
              .findFirst()
              .orElseThrow(() -> invalid(what, "have values of HALF, FLOAT or DOUBLE", name));
      // rank, sizes, strides, options, elements between neighbours, order
      int rank = (shape.length - 4) / 2;
      require(
          what,
          shape[0] == rank
              && shape[rank] == length
              && (rank == 1 || shape[1] == 1 && shape[3] >= 1 && shape[3] <= length)
              && shape[2 * rank] == 1
              && shape[2 * rank + 1] == type.flag
              && shape[2 * rank + 2] == 1
              && (shape[2 * rank + 3] == 'c' || shape[2 * rank + 3] == 'f'),
          "have the shape of a vector of " + length + " " + type,
          Arrays.toString(shape));
      require(
          what,
          in.available() == (long) length * type.bytes,
          "have " + (long) length * type.bytes + " bytes of values",
          in.available());
    } catch (IOException e) {
      throw new ImportException(what + ": must be whole, found: " + e, e);
    }
  }

  /** Reads a buffer's header and returns the number of its values. */
  private static long buffer(String what, DataInputStream in, String type) throws IOException {
    String mode = in.readUTF();
    require(what, mode.equals(MODE), "be an array as Nd4j.write of 1.0.0-M2.1 writes it", mode);
    long length = in.readLong();
    String found = in.readUTF();
    require(what, found.equals(type), "have a shape of type " + type, found);
    return length;
  }

  /**
   * Reads the values of a {@code .npy} file, row-major. Halves and doubles become floats.
   *
   * @param what the array's name, for error messages
   * @param shape the shape that it must have
   * @throws ImportException if it is not such an array of finite values, or ND4J cannot be loaded
   */
  static float[] npy(String what, byte[] bytes, int... shape) {
    boolean columnMajor = checkNpy(what, bytes, shape);
    load();
    INDArray array = Nd4j.createNpyFromByteArray(bytes);
    float[] values = array.dup('c').data().asFloat();
    if (columnMajor) { // ND4J ignores fortran_order
      values = Nd4j.create(values, widened(shape), 'f').dup('c').data().asFloat();
    }
    return finite(what, values);
  }

  private static long[] widened(int[] shape) {
    return Arrays.stream(shape).asLongStream().toArray();
  }

  /** Whether the values are column-major. */
  private static boolean checkNpy(String what, byte[] bytes, int[] shape) {
    int prefix = MAGIC.length + 2;
    require(
        what,
        bytes.length >= prefix && Arrays.equals(bytes, 0, MAGIC.length, MAGIC, 0, MAGIC.length),
        "be a .npy array of version 1.0",
        "other bytes");
    int header = (bytes[8] & 0xff) | (bytes[9] & 0xff) << 8;
    require(what, header <= bytes.length - prefix, "be a whole .npy array", "part of a header");
    String text = new String(bytes, prefix, header, StandardCharsets.ISO_8859_1);
    Matcher parts = HEADER.matcher(text);
    require(what, parts.matches(), "have a header as NumPy writes it", text);
    Integer valueBytes = DTYPES.get(parts.group(1));
    require(
        what,
        valueBytes != null,
        "have dtype float16, float32 or float64, little-endian",
        parts.group(1));
    String expected = tuple(shape);
    require(
        what,
        parts.group(3).equals(expected),
        "have shape (" + expected + ")",
        "(" + parts.group(3) + ")");
    long size = valueBytes;
    for (int d : shape) {
      size *= d;
    }
    require(
        what,
        bytes.length - prefix - header == size,
        "have " + size + " bytes of values",
        bytes.length - prefix - header);
    return parts.group(2).equals("True") && shape.length > 1;
  }

  /** A shape as Python writes it, without the parentheses. */
  private static String tuple(int[] shape) {
    return shape.length == 1
        ? shape[0] + ","
        : Arrays.stream(shape).mapToObj(Integer::toString).collect(Collectors.joining(", "));
  }

  private static float[] finite(String what, float[] values) {
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new ImportException(
            what + ": value " + i + " must be a finite float, found " + values[i]);
      }
    }
    return values;
  }

  private static void require(String what, boolean holds, String expected, Object found) {
    if (!holds) {
      throw invalid(what, expected, found);
    }
  }

  private static ImportException invalid(String what, String expected, Object found) {
    return new ImportException(what + ": must " + expected + ", found " + found);
  }
}
