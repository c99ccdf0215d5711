package io.undercurrent.bench;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * An ONNX model, written field by field as <a
 * href="https://github.com/onnx/onnx/blob/main/onnx/onnx.proto">onnx.proto</a> numbers them:
 * operator set 17, one graph. Add each node after the nodes that compute its inputs.
 */
final class OnnxModel {

  /** Element types, as {@code TensorProto.DataType} numbers them. */
  static final int FLOAT = 1;

  static final int INT64 = 7;

  /** A dimension that may differ in every call. */
  static final long ANY = -1;

  private static final int IR_VERSION = 8;
  private static final int OPERATOR_SET = 17;
  private static final int INT_ATTRIBUTE = 2; // AttributeProto.AttributeType
  private static final int GRAPH_ATTRIBUTE = 5;

  private final Message graph = new Message().text(2, "bench");

  /** An input of the graph. */
  OnnxModel input(String name, int type, long... shape) {
    graph.message(11, value(name, type, shape));
    return this;
  }

  /** An output of the graph. */
  OnnxModel output(String name, int type, long... shape) {
    graph.message(12, value(name, type, shape));
    return this;
  }

  private static Message value(String name, int type, long[] shape) {
    Message dimensions = new Message();
    for (long d : shape) {
      Message dimension = new Message();
      dimensions.message(1, d == ANY ? dimension.text(2, name + "_rows") : dimension.number(1, d));
    }
    Message tensor = new Message().number(1, type).message(2, dimensions);
    return new Message().text(1, name).message(2, new Message().message(1, tensor));
  }

  /** A weight, row-major. */
  OnnxModel constant(String name, float[] values, long... shape) {
    ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(values);
    return constant(name, FLOAT, raw.array(), shape);
  }

  /** A vector of integers. */
  OnnxModel constant(String name, long... values) {
    ByteBuffer raw = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asLongBuffer().put(values);
    return constant(name, INT64, raw.array(), values.length);
  }

  private OnnxModel constant(String name, int type, byte[] raw, long... shape) {
    Message tensor = new Message();
    for (long d : shape) {
      tensor.number(1, d);
    }
    graph.message(5, tensor.number(2, type).text(8, name).bytes(9, raw));
    return this;
  }

  /**
   * An operator.
   *
   * @param inputs names separated by blanks, {@code -} for a missing one
   * @param outputs names, likewise
   * @param attribute {@code NAME=INTEGER} each
   */
  OnnxModel node(String operator, String inputs, String outputs, String... attribute) {
    Message node = new Message();
    for (String input : inputs.split(" ")) {
      node.text(1, input.equals("-") ? "" : input);
    }
    for (String output : outputs.split(" ")) {
      node.text(2, output.equals("-") ? "" : output);
    }
    node.text(4, operator);
    for (String each : attribute) {
      String[] parts = each.split("=");
      node.message(
          5,
          new Message()
              .text(1, parts[0])
              .number(3, Long.parseLong(parts[1]))
              .number(20, INT_ATTRIBUTE));
    }
    graph.message(1, node);
    return this;
  }

  /** A branch's output, of any shape, in the order of the outputs of {@link #choose}. */
  OnnxModel result(String name, int type) {
    Message tensor = new Message().number(1, type);
    graph.message(12, new Message().text(1, name).message(2, new Message().message(1, tensor)));
    return this;
  }

  /**
   * The operator If. The branches can use all values of this graph; their own values must have
   * other names.
   *
   * @param condition name of a boolean value
   * @param outputs names separated by blanks
   */
  OnnxModel choose(String condition, String outputs, OnnxModel then, OnnxModel otherwise) {
    Message node = new Message().text(1, condition);
    for (String output : outputs.split(" ")) {
      node.text(2, output);
    }
    node.text(4, "If").message(5, branch("then_branch", then));
    graph.message(1, node.message(5, branch("else_branch", otherwise)));
    return this;
  }

  private static Message branch(String name, OnnxModel of) {
    return new Message().text(1, name).message(6, of.graph).number(20, GRAPH_ATTRIBUTE);
  }

  /** The model's file. */
  byte[] bytes() {
    return new Message()
        .number(1, IR_VERSION)
        .message(7, graph)
        .message(8, new Message().text(1, "").number(2, OPERATOR_SET))
        .bytes
        .toByteArray();
  }

  /** A protobuf message: fields are numbers (wire type 0) or bytes with their length (2). */
  private static final class Message {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Message number(int field, long value) {
      varint((long) field << 3);
      varint(value);
      return this;
    }

    Message bytes(int field, byte[] value) {
      varint((long) field << 3 | 2);
      varint(value.length);
      bytes.writeBytes(value);
      return this;
    }

    Message text(int field, String value) {
      return bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    Message message(int field, Message value) {
      return bytes(field, value.bytes.toByteArray());
    }

    private void varint(long value) {
      long left = value;
      while ((left & ~0x7fL) != 0) {
        bytes.write((int) (left & 0x7f | 0x80));
        left >>>= 7;
      }
      bytes.write((int) left);
    }
  }
}
