package io.undercurrent.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.jni.JniUtils;
import io.undercurrent.bench.TorchScript;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Trains with PyTorch, a whole step as one script: {@code torch.lstm} (oneDNN's), {@code
 * cross_entropy}, autograd, {@code clip_grad_norm_} over all tensors at once and the fused Adam.
 */
final class TorchTraining implements TrainingSubject {

  private final TrainingCase one;
  private final NDManager manager;
  private final TorchScript script;
  private final NDList optimized = new NDList(); // weights, steps, m and v, by name
  private final long[][] tokens; // (chunks, T*B)
  private final long[][] targets; // (chunks, T*B)
  private NDArray h; // (numLayers, B, H)
  private NDArray c; // (numLayers, B, H)
  private int steps;

  TorchTraining(TrainingCase one, int threads) {
    this.one = one;
    manager = Engine.getEngine("PyTorch").newBaseManager();
    JniUtils.setNumThreads(threads);
    if (JniUtils.getNumThreads() != threads) {
      throw new IllegalStateException(
          "PyTorch must have " + threads + " threads, found " + JniUtils.getNumThreads());
    }
    List<Tensor> tensors = new ArrayList<>(one.config().tensors());
    tensors.removeIf(tensor -> tensor.name().startsWith("sentiment."));
    script =
        new TorchScript(
            manager,
            "tokens: Tensor, targets: Tensor, h: Tensor, c: Tensor, w: List[Tensor],"
                + " steps: List[Tensor], m: List[Tensor], v: List[Tensor]",
            script(one.config(), tensors));
    Parameters parameters = one.parameters();
    for (Tensor tensor : tensors) {
      NDArray w = manager.create(parameters.copy(tensor.name()), shape(tensor));
      w.setRequiresGradient(true);
      optimized.add(named("w[]", w));
    }
    tensors.forEach(tensor -> optimized.add(named("steps[]", manager.zeros(new Shape()))));
    tensors.forEach(tensor -> optimized.add(named("m[]", manager.zeros(shape(tensor)))));
    tensors.forEach(tensor -> optimized.add(named("v[]", manager.zeros(shape(tensor)))));
    Chunk[] chunks = one.chunks();
    tokens = Arrays.stream(chunks).map(chunk -> longs(chunk.token)).toArray(long[][]::new);
    targets = Arrays.stream(chunks).map(chunk -> longs(chunk.target)).toArray(long[][]::new);
    Shape state = new Shape(one.config().numLayers(), one.batch(), one.config().hiddenSize());
    h = manager.zeros(state);
    c = manager.zeros(state);
  }

  private static long[] longs(int[] ids) {
    return Arrays.stream(ids).asLongStream().toArray();
  }

  private static Shape shape(Tensor tensor) {
    return new Shape(Arrays.stream(tensor.shape()).asLongStream().toArray());
  }

  private static NDArray named(String name, NDArray array) {
    array.setName(name);
    return array;
  }

  private static String script(ModelConfig config, List<Tensor> tensors) {
    List<String> names = tensors.stream().map(Tensor::name).toList();
    String lstm =
        IntStream.range(0, names.size())
            .filter(i -> names.get(i).startsWith("rnn."))
            .mapToObj(i -> "w[" + i + "]")
            .collect(Collectors.joining(", "));
    return """
        torch.set_grad_enabled(True)
        x = torch.embedding(w[0], tokens)
        output, h1, c1 = torch.lstm(x, [h, c], [%s], True, %d, 0., True, False, False)
        features = torch.flatten(output, 0, 1)
    %s\
        loss = torch.div(sum, torch.numel(targets))
        gradients = annotate(List[Tensor], [])
        for gradient in torch.grad([loss], w):
          _ = torch.append(gradients, unchecked_cast(Tensor, gradient))
        torch.set_grad_enabled(False)
        norm = torch.linalg_vector_norm(torch.stack(torch._foreach_norm(gradients)))
        clip = torch.div(torch.reciprocal(torch.add(norm, 1e-06)), %s)
        torch._foreach_mul_(gradients, torch.clamp(clip, None, 1.))
        torch._foreach_add_(steps, 1)
        torch._fused_adam_(w, gradients, m, v, annotate(List[Tensor], []), steps, lr=%s, \
    beta1=0.9, beta2=0.999, weight_decay=0., eps=1e-08, amsgrad=False, maximize=False)
        return [torch.detach(loss), norm, torch.detach(h1), torch.detach(c1)]
    """
        .formatted(
            lstm,
            config.numLayers(),
            loss(config, names),
            1 / TrainingCase.CLIP_GRAD_NORM,
            TrainingCase.LEARNING_RATE);
  }

  /** The sum of all cross-entropies, with clusters as in {@code AdaptiveLogSoftmaxWithLoss}. */
  private static String loss(ModelConfig config, List<String> names) {
    int weight = names.indexOf(config.headWeight());
    int bias = names.indexOf(config.headBias());
    int clusters = config.nextToken().clusters();
    StringBuilder lines = new StringBuilder();
    String first = "targets";
    if (clusters > 0) {
      int cutoff = config.clusterStart(0);
      lines.append("    first = torch.clamp(targets, None, %d)\n".formatted(cutoff));
      for (int i = 1; i < clusters; i++) {
        int next = config.clusterStart(i);
        lines.append("    first = torch.add(first, torch.ge(targets, %d))\n".formatted(next));
      }
      first = "first";
    }
    lines.append("    logits = torch.linear(features, w[%d], w[%d])\n".formatted(weight, bias));
    lines.append("    sum = torch.cross_entropy_loss(logits, %s, None, 2)\n".formatted(first));
    for (int i = 0; i < clusters; i++) {
      int narrow = names.indexOf("next_token.tail." + i + ".0.weight");
      int tail = names.indexOf("next_token.tail." + i + ".1.weight");
      lines.append(
          """
              within = torch.logical_and(torch.ge(targets, %1$d), torch.lt(targets, %2$d))
              rows = torch.squeeze(torch.nonzero(within), 1)
              members = torch.linear(torch.index_select(features, 0, rows), w[%3$d])
              which = torch.sub(torch.index_select(targets, 0, rows), %1$d)
              logits = torch.linear(members, w[%4$d])
              sum = torch.add(sum, torch.cross_entropy_loss(logits, which, None, 2))
          """
              .formatted(config.clusterStart(i), config.clusterStart(i + 1), narrow, tail));
    }
    return lines.toString();
  }

  @Override
  public String name() {
    return "pytorch";
  }

  @Override
  public Loss step() {
    int now = steps++ % tokens.length;
    try (NDManager step = manager.newSubManager()) {
      NDList inputs =
          new NDList(
              step.create(tokens[now], new Shape(one.bptt(), one.batch())),
              step.create(targets[now]),
              h,
              c);
      inputs.addAll(optimized);
      NDList results = script.withAutograd(inputs);
      h.close();
      c.close();
      h = results.get(2);
      c = results.get(3);
      h.attach(manager);
      c.attach(manager);
      return new Loss(results.get(0).getFloat(), results.get(1).getFloat());
    }
  }

  @Override
  public void close() {
    script.close();
    manager.close();
  }
}
