package io.undercurrent.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.undercurrent.model.Parameters;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Steps by ONNX Runtime on one thread: {@code Gather} and {@code LSTM}. It reads states from one
 * set of buffers and writes them to another; the sets alternate.
 */
final class OnnxStep implements StepSubject {

  private final StepCase one;
  private final int stepsPerCall;
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final LongBuffer tokens; // (stepsPerCall, B)
  private final FloatBuffer[][] buffers; // (2, h and c of each layer) of (1, B, H)
  private final Map<String, OnnxTensor>[] inputs; // (2)
  private final Map<String, OnnxTensor>[] outputs; // (2)
  private int turn;

  @SuppressWarnings({"unchecked", "rawtypes"}) // arrays of maps
  OnnxStep(StepCase one, int stepsPerCall) {
    this.one = one;
    this.stepsPerCall = stepsPerCall;
    tokens = direct(8 * stepsPerCall * one.batch()).asLongBuffer();
    buffers = new FloatBuffer[2][2 * one.layers()];
    inputs = new Map[2];
    outputs = new Map[2];
    try {
      session = OnnxSessions.onOneThread(model().bytes());
      OnnxTensor ids =
          OnnxTensor.createTensor(environment, tokens, new long[] {stepsPerCall, one.batch()});
      for (int set = 0; set < 2; set++) {
        inputs[set] = new LinkedHashMap<>(Map.of("tokens", ids));
        outputs[set] = new LinkedHashMap<>();
      }
      for (int set = 0; set < 2; set++) {
        for (int i = 0; i < 2 * one.layers(); i++) {
          String name = (i < one.layers() ? "h" : "c") + i % one.layers();
          buffers[set][i] = direct(4 * one.batch() * one.hidden()).asFloatBuffer();
          long[] shape = {1, one.batch(), one.hidden()};
          OnnxTensor state = OnnxTensor.createTensor(environment, buffers[set][i], shape);
          inputs[set].put(name, state);
          outputs[1 - set].put(name + "_next", state);
        }
      }
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  private OnnxModel model() {
    Parameters p = one.parameters();
    int hidden = one.hidden();
    OnnxModel model =
        new OnnxModel()
            .input("tokens", OnnxModel.INT64, stepsPerCall, one.batch())
            .constant(
                "embedding", p.copy("embedding.weight"), StepCase.VOCABULARY, StepCase.EMBEDDING)
            .node("Gather", "embedding tokens", "x0");
    for (int l = 0; l < one.layers(); l++) {
      int in = l == 0 ? StepCase.EMBEDDING : hidden;
      float[] biases = new float[8 * hidden];
      System.arraycopy(gates(p, "bias_ih", l), 0, biases, 0, 4 * hidden);
      System.arraycopy(gates(p, "bias_hh", l), 0, biases, 4 * hidden, 4 * hidden);
      model
          .input("h" + l, OnnxModel.FLOAT, 1, one.batch(), hidden)
          .input("c" + l, OnnxModel.FLOAT, 1, one.batch(), hidden)
          .output("h" + l + "_next", OnnxModel.FLOAT, 1, one.batch(), hidden)
          .output("c" + l + "_next", OnnxModel.FLOAT, 1, one.batch(), hidden)
          .constant("w" + l, gates(p, "weight_ih", l), 1, 4L * hidden, in)
          .constant("r" + l, gates(p, "weight_hh", l), 1, 4L * hidden, hidden)
          .constant("b" + l, biases, 1, 8L * hidden)
          .node(
              "LSTM",
              "x%1$d w%1$d r%1$d b%1$d - h%1$d c%1$d".formatted(l),
              (l + 1 < one.layers() ? "y%1$d" : "-").concat(" h%1$d_next c%1$d_next").formatted(l),
              "hidden_size=" + hidden);
      if (l + 1 < one.layers()) {
        model
            .constant("axis" + l, 1)
            .node("Squeeze", "y%1$d axis%1$d".formatted(l), "x" + (l + 1)); // (T, B, H)
      }
    }
    return model;
  }

  /** Gates in ONNX's order i, o, f, g. */
  private static float[] gates(Parameters p, String name, int l) {
    return StepSubjects.reordered(p.copy("rnn." + name + "_l" + l), 0, 3, 1, 2);
  }

  @Override
  public String name() {
    return "onnxruntime";
  }

  @Override
  public int stepsPerCall() {
    return stepsPerCall;
  }

  @Override
  public void step(int[] ids) {
    for (int i = 0; i < ids.length; i++) {
      tokens.put(i, ids[i]);
    }
    try {
      session.run(inputs[turn], outputs[turn]).close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
    turn = 1 - turn;
  }

  @Override
  public float[] state() {
    int n = one.batch() * one.hidden();
    float[] all = new float[2 * one.layers() * n];
    for (int i = 0; i < 2 * one.layers(); i++) {
      buffers[turn][i].get(0, all, i * n, n);
    }
    return all;
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
    inputs[0].values().forEach(OnnxTensor::close);
    outputs[0].values().forEach(OnnxTensor::close);
  }
}
