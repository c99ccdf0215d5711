package io.undercurrent.train;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.Parameters;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Trains like {@link StageTraining}: workers share the rows, and their gradients are added. */
final class OwnTraining implements TrainingSubject {

  private final TrainingCase one;
  private final int threads;
  private final Workers workers;
  private final Parameters parameters;
  private final Weights weights;
  private final Bptt[] bptt; // one for each worker
  private final Adam adam;
  private final Chunk[][] chunks; // (chunks, workers)
  private int steps;

  OwnTraining(TrainingCase one, int threads) {
    this.one = one;
    this.threads = threads;
    workers = new Workers(threads);
    parameters = one.parameters();
    weights = new Weights(one.config(), parameters, Kernels.best(), 0);
    int rows = one.batch() / threads;
    Dropout none = new Dropout(0, 0, 0, 0);
    bptt = new Bptt[threads];
    Arrays.setAll(
        bptt, w -> new Bptt(one.config(), weights, Kernels.best(), none, one.bptt(), rows));
    adam = new Adam(one.config().tensors(), 0);
    Chunk[] whole = one.chunks();
    chunks = new Chunk[whole.length][threads];
    for (int i = 0; i < whole.length; i++) {
      for (int w = 0; w < threads; w++) {
        chunks[i][w] = columns(whole[i], w * rows, rows);
      }
    }
  }

  private static Chunk columns(Chunk whole, int first, int rows) {
    Chunk part = new Chunk(whole.steps, rows);
    for (int t = 0; t < whole.steps; t++) {
      int from = t * whole.rows + first;
      System.arraycopy(whole.token, from, part.token, t * rows, rows);
      System.arraycopy(whole.target, from, part.target, t * rows, rows);
    }
    Arrays.fill(part.label, Chunk.NO_END);
    return part;
  }

  @Override
  public String name() {
    return "undercurrent";
  }

  @Override
  public Loss step() {
    SplittableRandom random = new SplittableRandom(steps); // draws nothing without dropout
    Chunk[] now = chunks[steps++ % chunks.length];
    float scale = 1f / one.tokensPerStep();
    workers.all(weights.packing(random));
    workers.each(w -> bptt[w].run(now[w], 0f, scale, 1, random));
    float[] sum = bptt[0].gradients().values();
    double[] squares = new double[threads];
    workers.ranges(
        sum.length,
        (w, from, to) -> {
          for (int other = 1; other < threads; other++) {
            float[] g = bptt[other].gradients().values();
            for (int i = from; i < to; i++) {
              sum[i] += g[i];
            }
          }
          squares[w] = StageTraining.squares(sum, from, to);
        });
    double norm = Math.sqrt(Arrays.stream(squares).sum());
    float clip = (float) Math.min(1, TrainingCase.CLIP_GRAD_NORM / norm);
    adam.nextStep();
    workers.ranges(
        sum.length,
        (w, from, to) ->
            adam.update(parameters.values(), sum, clip, TrainingCase.LEARNING_RATE, from, to));
    double loss = Arrays.stream(bptt).mapToDouble(Bptt::nextLoss).sum();
    return new Loss(loss / one.tokensPerStep(), norm);
  }

  @Override
  public void close() {
    workers.close();
  }
}
