package io.undercurrent.bench;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.util.List;

/**
 * Steps by PyTorch through DJL, one script a call, in inference mode. States stay in PyTorch's
 * memory.
 */
final class TorchStep implements StepSubject {

  private static final String PARAMETERS = "tokens: Tensor, state: List[Tensor], w: List[Tensor]";

  private final StepCase one;
  private final String way;
  private final int stepsPerCall;
  private final NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
  private final TorchScript script;
  private final IValue weights;
  private final Shape tokensShape;
  private final long[] ids;
  private IValue state; // h of all layers, then c

  /** A step at a time by {@code torch.lstm_cell}, layer by layer. */
  static TorchStep cells(StepCase one) {
    StringBuilder lines = new StringBuilder("    x = torch.embedding(w[0], tokens)\n");
    StringBuilder h = new StringBuilder();
    StringBuilder c = new StringBuilder();
    for (int l = 0; l < one.layers(); l++) {
      lines.append(
          "    h%1$d, c%1$d = torch.lstm_cell(x, [state[%1$d], state[%2$d]], %3$s)\n"
              .formatted(l, one.layers() + l, weights(l)));
      lines.append("    x = h%d\n".formatted(l));
      h.append("h").append(l).append(", ");
      c.append("c").append(l).append(", ");
    }
    lines.append("    return [%s%s]\n".formatted(h, c));
    long[] shape = {one.batch(), one.hidden()};
    return new TorchStep(one, "lstm_cell", 1, lines.toString(), new Shape(one.batch()), shape);
  }

  /** Any number of steps by {@code torch.lstm}, all layers at once. */
  static TorchStep lstm(StepCase one, int stepsPerCall) {
    StringBuilder all = new StringBuilder();
    for (int l = 0; l < one.layers(); l++) {
      all.append(l == 0 ? "" : ", ").append(weights(l));
    }
    String lines =
        """
            x = torch.embedding(w[0], tokens)
            y, h, c = torch.lstm(x, state, [%s], True, %d, 0., False, False, False)
            return [h, c]
        """
            .formatted(all, one.layers());
    Shape tokens = new Shape(stepsPerCall, one.batch());
    long[] shape = {one.layers(), one.batch(), one.hidden()};
    return new TorchStep(one, "lstm", stepsPerCall, lines, tokens, shape);
  }

  private static String weights(int l) {
    return "w[%d], w[%d], w[%d], w[%d]".formatted(4 * l + 1, 4 * l + 2, 4 * l + 3, 4 * l + 4);
  }

  private TorchStep(
      StepCase one, String way, int stepsPerCall, String lines, Shape tokens, long[] stateShape) {
    this.one = one;
    this.way = way;
    this.stepsPerCall = stepsPerCall;
    JniUtils.setNumThreads(1);
    script = new TorchScript(manager, PARAMETERS, lines);
    Parameters p = one.parameters();
    List<Tensor> tensors =
        p.tensors().stream()
            .filter(t -> t.name().startsWith("embedding.") || t.name().startsWith("rnn."))
            .toList();
    PtNDArray[] w = new PtNDArray[tensors.size()];
    for (int i = 0; i < w.length; i++) {
      int[] shape = tensors.get(i).shape();
      Shape of = shape.length == 1 ? new Shape(shape[0]) : new Shape(shape[0], shape[1]);
      w[i] = (PtNDArray) manager.create(p.copy(tensors.get(i).name()), of);
    }
    weights = IValue.listFrom(w);
    PtNDArray[] zeros = new PtNDArray[stateShape.length == 2 ? 2 * one.layers() : 2];
    for (int i = 0; i < zeros.length; i++) {
      zeros[i] = (PtNDArray) manager.zeros(new Shape(stateShape));
    }
    state = IValue.listFrom(zeros);
    tokensShape = tokens;
    ids = new long[stepsPerCall * one.batch()];
  }

  @Override
  public String name() {
    return "pytorch";
  }

  @Override
  public String way() {
    return way;
  }

  @Override
  public int stepsPerCall() {
    return stepsPerCall;
  }

  @Override
  public void step(int[] tokens) {
    for (int i = 0; i < ids.length; i++) {
      ids[i] = tokens[i];
    }
    try (PtNDArray array = (PtNDArray) manager.create(ids, tokensShape);
        IValue input = IValue.from(array)) {
      IValue next = script.call(input, state, weights);
      state.close();
      state = next;
    }
  }

  @Override
  public float[] state() {
    float[] all = new float[2 * one.layers() * one.batch() * one.hidden()];
    int at = 0;
    for (PtNDArray part : state.toTensorArray((PtNDManager) manager)) {
      float[] values = part.toFloatArray();
      System.arraycopy(values, 0, all, at, values.length);
      at += values.length;
    }
    return all;
  }

  @Override
  public void close() {
    state.close();
    weights.close();
    script.close();
    manager.close();
  }
}
