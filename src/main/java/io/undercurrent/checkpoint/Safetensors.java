package io.undercurrent.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import io.undercurrent.kernel.Float16;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * The safetensors format: 8 bytes little-endian header length, a JSON header {@code {"name":
 * {"dtype", "shape", "data_offsets": [begin, end]}, ...}}, then the tensors. Reads F32, F16 and
 * BF16; writes F32 and F16.
 */
final class Safetensors {

  /** The types of values that are read; BF16 is not written. */
  enum Dtype {
    F32(4),
    F16(2),
    BF16(2);

    final int bytes;

    Dtype(int bytes) {
      this.bytes = bytes;
    }
  }

  private record Entry(Dtype dtype, int[] shape, long begin, long end) {}

  private static final int MAX_HEADER_BYTES = 1 << 20;

  private Safetensors() {}

  /**
   * Reads a file that holds exactly the expected tensors.
   *
   * @param file the name of the file in messages
   * @throws CheckpointException if a name, shape, dtype or offset is not as expected, or a value is
   *     not finite
   */
  static Parameters read(String file, byte[] bytes, List<Tensor> expected) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int headerLength = headerLength(file, buffer);
    int dataStart = 8 + headerLength;
    Map<String, Entry> entries = header(file, bytes, headerLength);
    checkCoverage(file, entries, bytes.length - dataStart);
    checkNames(file, entries, expected);

    Parameters parameters = new Parameters(expected);
    for (Tensor tensor : expected) {
      Entry entry = entries.get(tensor.name());
      buffer.position(dataStart + (int) entry.begin);
      float[] values = parameters.values();
      int at = parameters.offset(tensor.name());
      for (int i = 0; i < tensor.size(); i++) {
        float value = value(buffer, entry.dtype);
        if (!Float.isFinite(value)) {
          throw new CheckpointException(
              file + ": " + tensor.name() + "[" + i + "] must be finite, found " + value);
        }
        values[at + i] = value;
      }
    }
    return parameters;
  }

  private static float value(ByteBuffer from, Dtype dtype) {
    return switch (dtype) {
      case F32 -> from.getFloat();
      case F16 -> Float16.toFloat(from.getShort());
      case BF16 -> Float.intBitsToFloat(from.getShort() << 16); // the upper half of an F32
    };
  }

  private static int headerLength(String file, ByteBuffer buffer) {
    if (buffer.remaining() < 8) {
      throw new CheckpointException(
          file + ": must have at least 8 bytes, found " + buffer.remaining());
    }
    long length = buffer.getLong();
    long max = Math.min(MAX_HEADER_BYTES, buffer.remaining());
    if (length < 2 || length > max) {
      throw new CheckpointException(
          file
              + ": header length must be 2 to "
              + max
              + ", found "
              + Long.toUnsignedString(length));
    }
    return (int) length;
  }

  private static Map<String, Entry> header(String file, byte[] bytes, int length) {
    JsonNode root;
    try {
      root = Json.parse(bytes, 8, length);
    } catch (MalformedJsonException e) {
      throw new CheckpointException(file + ": header " + e.getMessage(), e);
    }
    if (!root.isObject()) {
      throw new CheckpointException(
          file + ": header must be a JSON object, found " + Json.found(root));
    }
    Map<String, Entry> entries = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> field : root.properties()) {
      if (!field.getKey().equals("__metadata__")) {
        entries.put(field.getKey(), entry(file + ": " + field.getKey(), field.getValue()));
      }
    }
    return entries;
  }

  private static Entry entry(String where, JsonNode node) {
    Dtype dtype =
        switch (node.path("dtype").asText()) {
          case "F32" -> Dtype.F32;
          case "F16" -> Dtype.F16;
          case "BF16" -> Dtype.BF16;
          default ->
              throw new CheckpointException(
                  where
                      + ": dtype must be F32, F16 or BF16, found "
                      + Json.found(node.path("dtype")));
        };
    long[] shape = longs(where + ": shape", node.path("shape"));
    long[] offsets = longs(where + ": data_offsets", node.path("data_offsets"));
    if (offsets.length != 2 || offsets[0] > offsets[1]) {
      throw new CheckpointException(
          where + ": data_offsets must be [begin, end], found " + node.path("data_offsets"));
    }
    long size = dtype.bytes;
    for (long d : shape) {
      if (d > Integer.MAX_VALUE || (size = Math.multiplyHigh(size, d) != 0 ? -1 : size * d) < 0) {
        throw new CheckpointException(
            where + ": shape must fit in memory, found " + node.path("shape"));
      }
    }
    if (size != offsets[1] - offsets[0]) {
      throw new CheckpointException(
          where
              + ": data_offsets must span "
              + size
              + " bytes for "
              + node.path("shape")
              + " of "
              + dtype
              + ", found "
              + (offsets[1] - offsets[0]));
    }
    int[] dimensions = new int[shape.length];
    for (int i = 0; i < shape.length; i++) {
      dimensions[i] = (int) shape[i];
    }
    return new Entry(dtype, dimensions, offsets[0], offsets[1]);
  }

  private static long[] longs(String where, JsonNode node) {
    if (!node.isArray() || node.size() > 8) {
      throw new CheckpointException(
          where + " must be an array of integers, found " + Json.found(node));
    }
    long[] values = new long[node.size()];
    for (int i = 0; i < values.length; i++) {
      JsonNode value = node.get(i);
      if (!value.isIntegralNumber() || !value.canConvertToLong() || value.asLong() < 0) {
        throw new CheckpointException(where + " must hold integers >= 0, found " + value);
      }
      values[i] = value.asLong();
    }
    return values;
  }

  /** Checks that the tensors cover the data without a gap, an overlap or a rest. */
  private static void checkCoverage(String file, Map<String, Entry> entries, long dataBytes) {
    List<Map.Entry<String, Entry>> byOffset = new ArrayList<>(entries.entrySet());
    byOffset.sort(
        Comparator.comparingLong((Map.Entry<String, Entry> e) -> e.getValue().begin)
            .thenComparingLong(e -> e.getValue().end));
    long at = 0;
    for (Map.Entry<String, Entry> e : byOffset) {
      if (e.getValue().begin != at) {
        throw new CheckpointException(
            file
                + ": "
                + e.getKey()
                + ": data must begin at byte "
                + at
                + " (no gap, no overlap), found "
                + e.getValue().begin);
      }
      at = e.getValue().end;
    }
    if (at != dataBytes) {
      throw new CheckpointException(
          file + ": must hold " + at + " bytes of tensors, found " + dataBytes);
    }
  }

  private static void checkNames(String file, Map<String, Entry> entries, List<Tensor> expected) {
    for (Tensor tensor : expected) {
      Entry entry = entries.get(tensor.name());
      if (entry == null) {
        throw new CheckpointException(
            file
                + ": must have tensor "
                + tensor.name()
                + " "
                + tensor.shapeText()
                + ", found none");
      }
      Tensor found = new Tensor(tensor.name(), entry.shape);
      if (!tensor.equals(found)) {
        throw new CheckpointException(
            file
                + ": "
                + tensor.name()
                + ": shape must be "
                + tensor.shapeText()
                + ", found "
                + found.shapeText());
      }
    }
    TreeSet<String> surplus = new TreeSet<>(entries.keySet());
    surplus.removeAll(expected.stream().map(Tensor::name).collect(Collectors.toSet()));
    if (!surplus.isEmpty()) {
      throw new CheckpointException(
          file + ": tensors must be those of config.json, found also " + surplus);
    }
  }

  /**
   * The bytes of a file with these tensors, in this order.
   *
   * @throws CheckpointException if a value is not finite in that precision; such a file could not
   *     be read
   */
  static byte[] write(Parameters parameters, Dtype dtype) {
    if (dtype == Dtype.BF16) {
      throw new IllegalArgumentException("dtype must be F32 or F16, found BF16");
    }
    ObjectNode header = Json.STRICT.createObjectNode();
    long at = 0;
    for (Tensor tensor : parameters.tensors()) {
      ObjectNode entry = header.putObject(tensor.name()).put("dtype", dtype.name());
      ArrayNode shape = entry.putArray("shape");
      for (int d : tensor.shape()) {
        shape.add(d);
      }
      long end = at + (long) tensor.size() * dtype.bytes;
      entry.putArray("data_offsets").add(at).add(end);
      at = end;
    }
    StringBuilder text = new StringBuilder(header.toString());
    while (text.length() % 8 != 0) {
      text.append(' '); // the format aligns the data to 8 bytes
    }
    byte[] headerBytes = text.toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer buffer =
        ByteBuffer.allocate(Math.toIntExact(8 + headerBytes.length + at))
            .order(ByteOrder.LITTLE_ENDIAN);
    buffer.putLong(headerBytes.length).put(headerBytes);
    for (Tensor tensor : parameters.tensors()) {
      int offset = parameters.offset(tensor.name());
      for (int i = 0; i < tensor.size(); i++) {
        float value = parameters.values()[offset + i];
        short half = Float16.fromFloat(value);
        if (!Float.isFinite(dtype == Dtype.F32 ? value : Float16.toFloat(half))) {
          throw new CheckpointException(
              tensor.name() + "[" + i + "] must be finite as " + dtype + ", found " + value);
        }
        if (dtype == Dtype.F32) {
          buffer.putFloat(value);
        } else {
          buffer.putShort(half);
        }
      }
    }
    return buffer.array();
  }
}
