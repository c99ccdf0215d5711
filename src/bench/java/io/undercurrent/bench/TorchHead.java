package io.undercurrent.bench;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.JniUtils;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Computes the head with PyTorch through DJL, one script a call, in inference mode. The adaptive
 * softmax is that of {@code AdaptiveLogSoftmaxWithLoss}, with the same savings as here: a cluster
 * is computed in one product for the rows that need it, and skipped if no row does.
 */
final class TorchHead implements HeadSubject {

  private final NDManager manager = Engine.getEngine("PyTorch").newBaseManager();
  private final TorchScript script;
  private final IValue weights;
  private final IValue[][] inputs; // (calls) of h, targets and ends

  TorchHead(HeadCase one, List<HeadCase.Call> calls) {
    JniUtils.setNumThreads(1);
    List<Tensor> tensors =
        one.config().tensors().stream().filter(t -> t.name().startsWith("next_token.")).toList();
    script =
        new TorchScript(
            manager,
            "h: Tensor, targets: Tensor, ends: Tensor, w: List[Tensor]",
            body(one.config(), tensors.stream().map(Tensor::name).toList()));
    PtNDArray[] w = new PtNDArray[tensors.size()];
    for (int i = 0; i < w.length; i++) {
      long[] shape = Arrays.stream(tensors.get(i).shape()).asLongStream().toArray();
      w[i] = (PtNDArray) manager.create(one.tensor(tensors.get(i).name()), new Shape(shape));
    }
    weights = IValue.listFrom(w);
    inputs = new IValue[calls.size()][];
    for (int i = 0; i < inputs.length; i++) {
      HeadCase.Call call = calls.get(i);
      int rows = call.targets().length;
      inputs[i] =
          new IValue[] {
            IValue.from(
                (PtNDArray) manager.create(call.h(), new Shape(rows, one.config().hiddenSize()))),
            IValue.from((PtNDArray) manager.create(longs(call.targets()), new Shape(rows))),
            IValue.from(
                (PtNDArray) manager.create(longs(call.ends()), new Shape(call.ends().length)))
          };
    }
  }

  private static long[] longs(int[] ids) {
    return Arrays.stream(ids).asLongStream().toArray();
  }

  private static String body(ModelConfig config, List<String> names) {
    int weight = names.indexOf(config.headWeight());
    int bias = names.indexOf(config.headBias());
    int frequent = config.clusterStart(0);
    StringBuilder lines = new StringBuilder("    first = targets\n");
    if (config.nextToken().clusters() > 0) {
      lines.append("    first = torch.clamp(targets, None, %d)\n".formatted(frequent));
    }
    for (int i = 1; i < config.nextToken().clusters(); i++) {
      int start = config.clusterStart(i);
      lines.append("    first = torch.add(first, torch.ge(targets, %d))\n".formatted(start));
    }
    lines.append(
        """
            head = torch.log_softmax(torch.linear(h, w[%1$d], w[%2$d]), 1)
            logs = torch.squeeze(torch.gather(head, 1, torch.unsqueeze(first, 1)), 1)
            last = torch.index_select(head, 0, ends)
            top, ids = torch.topk(torch.slice(last, 1, 0, %3$d), %4$d)
        """
            .formatted(weight, bias, frequent, HeadCase.TOP));
    for (int i = 0; i < config.nextToken().clusters(); i++) {
      lines.append(
          """
              within = torch.logical_and(torch.ge(targets, %1$d), torch.lt(targets, %2$d))
              rows = torch.squeeze(torch.nonzero(within), 1)
              mass = torch.select(last, 1, %3$d)
              reach = torch.gt(mass, torch.select(top, 1, %4$d))
              may = torch.squeeze(torch.nonzero(reach), 1)
              members = torch.cat([rows, torch.index_select(ends, 0, may)])
              if torch.gt(torch.size(members, 0), 0):
                narrow = torch.linear(torch.index_select(h, 0, members), w[%5$d])
                tail = torch.log_softmax(torch.linear(narrow, w[%6$d]), 1)
                n = torch.size(rows, 0)
                which = torch.sub(torch.index_select(targets, 0, rows), %1$d)
                own = torch.gather(torch.slice(tail, 0, 0, n), 1, torch.unsqueeze(which, 1))
                logs = torch.index_add(logs, 0, rows, torch.squeeze(own, 1))
                if torch.gt(torch.size(may, 0), 0):
                  best, index = torch.topk(torch.slice(tail, 0, n), %7$d)
                  of = torch.unsqueeze(torch.index_select(mass, 0, may), 1)
                  ps = torch.cat([torch.index_select(top, 0, may), torch.add(best, of)], 1)
                  js = torch.cat([torch.index_select(ids, 0, may), torch.add(index, %1$d)], 1)
                  best, index = torch.topk(ps, %7$d)
                  top = torch.index_copy(top, 0, may, best)
                  ids = torch.index_copy(ids, 0, may, torch.gather(js, 1, index))
          """
              .formatted(
                  config.clusterStart(i),
                  config.clusterStart(i + 1),
                  frequent + i,
                  HeadCase.TOP - 1,
                  names.indexOf("next_token.tail." + i + ".0.weight"),
                  names.indexOf("next_token.tail." + i + ".1.weight"),
                  HeadCase.TOP));
    }
    return lines.append("    return [logs, torch.exp(top), ids]\n").toString();
  }

  @Override
  public String name() {
    return "pytorch";
  }

  @Override
  public void read(int call) {
    call(call).close();
  }

  private IValue call(int call) {
    IValue[] input = inputs[call];
    return script.call(input[0], input[1], input[2], weights);
  }

  @Override
  public Answer answer(int call) {
    try (IValue answer = call(call)) {
      List<PtNDArray> parts = new ArrayList<>(List.of(answer.toTensorArray((PtNDManager) manager)));
      return new Answer(
          doubles(parts.get(0).toFloatArray()),
          Arrays.stream(parts.get(2).toLongArray()).mapToInt(Math::toIntExact).toArray(),
          doubles(parts.get(1).toFloatArray()));
    }
  }

  private static double[] doubles(float[] values) {
    double[] doubles = new double[values.length];
    Arrays.setAll(doubles, i -> values[i]);
    return doubles;
  }

  @Override
  public void close() {
    for (IValue[] input : inputs) {
      for (IValue value : input) {
        value.close();
      }
    }
    weights.close();
    script.close();
    manager.close();
  }
}
