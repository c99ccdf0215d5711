package io.undercurrent.train;

import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.recurrent.RNN;
import ai.djl.training.GradientCollector;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Computes a {@link ParityCase} with PyTorch through DJL: {@code torch.embedding}, {@code
 * torch.lstm}, {@code torch.gru} and {@code torch.rnn_tanh}, {@code torch.nn.functional.linear} and
 * {@code log_softmax}, and its autograd. Clipping and optimisers are PyTorch's formulas on its
 * tensors.
 */
final class PyTorch implements AutoCloseable {

  private final ParityCase one;
  private final ModelConfig config;
  private final Engine engine = Engine.getEngine("PyTorch");
  private final NDManager manager = engine.newBaseManager();
  private Map<String, NDArray> weights;
  private NDArray h; // (numLayers, B, H)
  private NDArray c; // the same of an LSTM, otherwise null

  PyTorch(ParityCase one) {
    this.one = one;
    config = one.config();
  }

  String version() {
    return engine.getEngineName() + " " + engine.getVersion();
  }

  /** The results that {@link ParityCase#results} names. */
  Parameters results() {
    Parameters results = new Parameters(one.results());
    Chunk[] batches = one.batches();
    start();
    for (int i = 0; i < 2; i++) {
      try (GradientCollector collector = engine.newGradientCollector()) {
        NDArray output = forward(batches[i]);
        if (i == 0) {
          put(output, results, "output");
          put(h, results, "h_n");
          if (c != null) {
            put(c, results, "c_n");
          }
        }
        NDArray loss = loss(output, batches[i]);
        results.values()[results.offset("loss") + i] = loss.getFloat();
        if (i == 1) {
          collector.backward(loss);
          weights.forEach((name, w) -> put(w.getGradient(), results, "gradient." + name));
        }
      }
    }
    train(results, "adam");
    train(results, "sgd");
    return results;
  }

  private static void put(NDArray from, Parameters to, String name) {
    float[] values = from.toFloatArray();
    System.arraycopy(values, 0, to.values(), to.offset(name), values.length);
  }

  private void start() {
    weights = new LinkedHashMap<>();
    Parameters parameters = one.parameters();
    for (Tensor tensor : config.tensors()) {
      long[] shape = new long[tensor.shape().length];
      for (int i = 0; i < shape.length; i++) {
        shape[i] = tensor.shape()[i];
      }
      NDArray w = manager.create(parameters.copy(tensor.name()), new Shape(shape));
      w.setRequiresGradient(true);
      weights.put(tensor.name(), w);
    }
    Shape state = new Shape(one.layers(), one.rows(), one.hidden());
    h = manager.zeros(state);
    c = config.kind().cell().hasCellState() ? manager.zeros(state) : null;
  }

  /**
   * The top hidden states (T, B, H). Keeps the last h and c for the next call, without gradient.
   */
  private NDArray forward(Chunk batch) {
    NDArray tokens = manager.create(batch.token, new Shape(one.steps(), one.rows()));
    NDArray table = weights.get("embedding.weight");
    NDArray x =
        tokens.getNDArrayInternal().embedding(tokens, table, SparseFormat.DENSE).singletonOrThrow();
    NDList params = new NDList();
    for (int l = 0; l < one.layers(); l++) {
      for (String name : new String[] {"weight_ih", "weight_hh", "bias_ih", "bias_hh"}) {
        params.add(weights.get("rnn." + name + "_l" + l));
      }
    }
    var ops = x.getNDArrayInternal();
    NDList out =
        switch (config.kind()) {
          case LSTM ->
              ops.lstm(x, new NDList(h, c), params, true, one.layers(), 0, true, false, false);
          case GRU -> ops.gru(x, h, params, true, one.layers(), 0, true, false, false);
          case RNN ->
              ops.rnn(x, h, params, true, one.layers(), RNN.Activation.TANH, 0, true, false, false);
          case FFNN -> throw new IllegalArgumentException("kind must be recurrent, found ffnn");
        };
    h = out.get(1).stopGradient();
    if (c != null) {
      c = out.get(2).stopGradient();
    }
    return out.get(0);
  }

  private NDArray loss(NDArray output, Chunk batch) {
    int positions = one.steps() * one.rows();
    NDArray logits =
        linear(output.reshape(positions, one.hidden()), "next_token"); // (T*B, V), row t * B + b
    NDArray loss =
        crossEntropy(logits, manager.create(batch.target), config.vocabSize())
            .sum()
            .mul(ParityCase.NEXT_SCALE);
    for (int b = 0; b < one.rows(); b++) {
      int first = 0;
      for (int t = 0; t < one.steps(); t++) {
        int r = t * one.rows() + b;
        first = batch.start[r] ? t : first;
        if (batch.label[r] >= 0) {
          NDArray record = output.get(new NDIndex("{}:{},{}", first, t + 1, b)); // (tokens, H)
          NDArray features =
              record
                  .get(new NDIndex("-1"))
                  .concat(record.max(new int[] {0}))
                  .concat(record.mean(new int[] {0}))
                  .expandDims(0);
          NDArray label = manager.create(new int[] {batch.label[r]});
          NDArray nats = crossEntropy(linear(features, "sentiment"), label, config.classes());
          loss = loss.add(nats.sum().mul(ParityCase.SENTIMENT_SCALE * batch.weight[r]));
        }
      }
    }
    return loss;
  }

  private NDArray linear(NDArray x, String name) {
    return x.getNDArrayInternal()
        .linear(x, weights.get(name + ".weight"), weights.get(name + ".bias"))
        .singletonOrThrow();
  }

  private static NDArray crossEntropy(NDArray logits, NDArray targets, int classes) {
    NDArray chosen = targets.toType(DataType.INT64, false).oneHot(classes);
    return logits.logSoftmax(1).mul(chosen).neg();
  }

  private void train(Parameters results, String optimizer) {
    start();
    Map<String, NDArray> m = new LinkedHashMap<>();
    Map<String, NDArray> v = new LinkedHashMap<>();
    Chunk[] batches = one.batches();
    for (int i = 0; i < ParityCase.BATCHES; i++) {
      Map<String, NDArray> gradients = new LinkedHashMap<>();
      try (GradientCollector collector = engine.newGradientCollector()) {
        NDArray loss = loss(forward(batches[i]), batches[i]);
        results.values()[results.offset(optimizer) + i] = loss.getFloat();
        collector.backward(loss);
        weights.forEach((name, w) -> gradients.put(name, w.getGradient().duplicate()));
      }
      double squares = 0;
      for (NDArray g : gradients.values()) {
        double norm = g.norm().getFloat();
        squares += norm * norm;
      }
      // the formula of torch.nn.utils.clip_grad_norm_
      double scale = Math.min(1, ParityCase.CLIP_GRAD_NORM / (Math.sqrt(squares) + 1e-6));
      int step = i + 1;
      Map<String, NDArray> next = new LinkedHashMap<>();
      weights.forEach(
          (name, w) -> {
            NDArray g = gradients.get(name).mul(scale);
            NDArray after =
                optimizer.equals("adam")
                    ? adam(name, w.stopGradient(), g, m, v, step)
                    : w.stopGradient().sub(g.mul(ParityCase.SGD_RATE));
            after.setRequiresGradient(true);
            next.put(name, after);
          });
      weights = next;
    }
  }

  /** The formula of torch.optim.Adam, with its default betas and eps. */
  private static NDArray adam(
      String name, NDArray w, NDArray g, Map<String, NDArray> m, Map<String, NDArray> v, int step) {
    m.merge(name, g.mul(1 - 0.9), (before, now) -> before.mul(0.9).add(now));
    v.merge(name, g.mul(g).mul(1 - 0.999), (before, now) -> before.mul(0.999).add(now));
    double correction1 = 1 - Math.pow(0.9, step);
    double correction2 = 1 - Math.pow(0.999, step);
    NDArray denominator = v.get(name).sqrt().div(Math.sqrt(correction2)).add(1e-8);
    return w.sub(m.get(name).mul(ParityCase.RATE / correction1).div(denominator));
  }

  @Override
  public void close() {
    manager.close();
  }
}
