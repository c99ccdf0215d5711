package io.undercurrent.train;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.train.RunFolder.Position;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * One stage of a run: epochs of chunks, each a forward and backward pass, clipping and an update.
 * Saved at the end of every epoch and every few minutes within one, and gone on with from there as
 * if it had never stopped: streams and random draws are replayed up to the chunk.
 */
final class StageTraining {

  private final Recipe.Training how;
  private final boolean pretraining;
  private final long seed;
  private final ModelConfig config;
  private final Tokenizer tokenizer;
  private final Parameters parameters;
  private final List<Example[]> conversations;
  private final Trainer.Surroundings in;
  private final Weights weights;
  private final Bptt[] bptt; // one for each worker
  private final Optimizer optimizer;
  private final Averaging averaging;
  private Position position;
  private long savedNanos = System.nanoTime();

  StageTraining(
      Recipe.Stage stage,
      boolean pretraining,
      Position position,
      long seed,
      ModelConfig config,
      Tokenizer tokenizer,
      Parameters parameters,
      List<Example[]> conversations,
      Trainer.Surroundings in) {
    how = stage.training();
    this.pretraining = pretraining;
    this.position = position;
    this.seed = new SplittableRandom(seed * 31 + position.stage()).nextLong();
    this.config = config;
    this.tokenizer = tokenizer;
    this.parameters = parameters;
    this.conversations = conversations;
    this.in = in;
    weights = new Weights(config, parameters, in.kernels(), how.weightDropout());
    Dropout dropout =
        new Dropout(
            how.dropoutEmbedding(), how.dropoutWords(), how.dropoutOutput(), how.dropoutFeatures());
    bptt = new Bptt[in.threads()];
    Arrays.setAll(
        bptt,
        w ->
            new Bptt(
                config,
                weights,
                in.kernels(),
                dropout,
                how.bptt(),
                how.batchSize() / in.threads()));
    optimizer =
        how.optimizer().equals("sgd")
            ? new Sgd(how.weightDecay())
            : new Adam(config.tensors(), how.weightDecay());
    averaging = new Averaging(config.tensors());
  }

  /** Where the run stands: after {@link #train}, at the start of the next stage. */
  Position position() {
    return position;
  }

  /** Trains to the end of the stage and returns what the next one starts from. */
  Parameters train() throws IOException {
    if (!position.equals(Position.atStage(position.stage()))) {
      Map<String, Parameters> blocks = blocks();
      in.run().load(position, blocks);
      for (int w = 0; w < bptt.length && position.chunk() > 0; w++) {
        bptt[w].carry(blocks.get("carried-" + w));
      }
      optimizer.resumeAt(position.step());
      averaging.resumeAt(position.averaged());
    } else if (position.stage() > 0) {
      in.run().load(position, Map.of("parameters", parameters));
    }
    while (position.epoch() < how.epochs()
        && (pretraining || position.epoch() - position.bestEpoch() < how.patience())) {
      epoch();
      endOfEpoch();
    }
    Parameters result = averaging.active() ? averaging.mean() : parameters;
    position = Position.atStage(position.stage() + 1);
    in.run().save(position, Map.of("parameters", result), in.curves());
    return result;
  }

  /** Everything that a stopped run needs. */
  private Map<String, Parameters> blocks() {
    Map<String, Parameters> blocks = new LinkedHashMap<>(optimizer.state());
    blocks.put("parameters", parameters);
    if (position.averaged() > 0) {
      blocks.put("average", averaging.mean());
    }
    for (int w = 0; w < bptt.length && position.chunk() > 0; w++) {
      blocks.put("carried-" + w, bptt[w].carried());
    }
    return blocks;
  }

  private void save(Position at) throws IOException {
    position = at;
    in.run().save(position, blocks(), in.curves());
    savedNanos = System.nanoTime();
  }

  private void endOfEpoch() throws IOException {
    int epoch = position.epoch() + 1;
    Parameters scored = averaging.active() ? averaging.mean() : parameters;
    Model model =
        new Model(config, tokenizer, new Network(config, scored, in.kernels()), "unfinished");
    List<Evaluation.Result> results = in.evaluation().of(model, true);
    double score = Evaluation.mean(results);
    boolean best = score > position.bestScore();
    int bestEpoch = best ? epoch : position.bestEpoch();
    if (how.averaging() > 0 && !averaging.active() && epoch - bestEpoch >= how.averaging()) {
      averaging.begin(parameters);
      in.progress().says("averaging the parameters from here on");
    }
    if (best && !pretraining) {
      Checkpoint.write(in.run().best(), config, tokenizer, scored, true);
    }
    in.curves().epoch(name(), epoch, results, best && !pretraining);
    save(
        new Position(
            position.stage(),
            epoch,
            0,
            bestEpoch,
            best ? score : position.bestScore(),
            optimizer.step(),
            averaging.steps()));
    in.curves().redraw(in.pictures());
    in.progress().epoch(epoch, results, best && !pretraining);
  }

  private void epoch() throws IOException {
    int epoch = position.epoch() + 1;
    long epochSeed = new SplittableRandom(seed + epoch).nextLong();
    PackedStreams streams =
        new PackedStreams(
            conversations, how.batchSize(), tokenizer.endOfRecord(), how.freshShare(), epochSeed);
    Chunk[] chunks = new Chunk[bptt.length];
    Arrays.setAll(chunks, w -> new Chunk(how.bptt(), how.batchSize() / bptt.length));
    SplittableRandom random = new SplittableRandom(epochSeed + 1);
    SplittableRandom[] own = new SplittableRandom[bptt.length];
    boolean more = true;
    if (position.chunk() == 0) {
      Arrays.stream(bptt).forEach(Bptt::clear);
    }
    for (long chunk = 0; chunk < position.chunk(); chunk++) {
      more = streams.next(chunks);
      Arrays.setAll(own, w -> random.split());
    }

    long all = PackedStreams.tokens(conversations);
    long perChunk = (long) how.batchSize() * how.bptt();
    long chunksInAll = Math.max(1, all / perChunk) * how.epochs();
    long chunk = position.chunk();
    double sentimentLoss = Double.NaN;
    double nextLoss = Double.NaN;
    while (more) {
      more = streams.next(chunks);
      Arrays.setAll(own, w -> random.split());
      int labelled = Arrays.stream(chunks).mapToInt(Chunk::labelled).sum();
      float rate = rate(chunksInAll);
      double norm = learn(chunks, own, labelled, rate);
      chunk++;
      double sentiment = Arrays.stream(bptt).mapToDouble(Bptt::sentimentLoss).sum();
      double next = Arrays.stream(bptt).mapToDouble(Bptt::nextLoss).sum();
      int positions = Arrays.stream(bptt).mapToInt(Bptt::nextCount).sum();
      requireFinite(sentiment, next, norm);
      in.curves().step(name(), epoch, perChunk, sentiment, labelled, next, positions, norm, rate);
      sentimentLoss = running(sentimentLoss, sentiment, labelled);
      nextLoss = running(nextLoss, next, positions);
      in.progress()
          .chunk(epoch, Math.min(chunk * perChunk, all), all, sentimentLoss, nextLoss, norm);
      if (more && System.nanoTime() - savedNanos >= in.saveEvery().toNanos()) {
        save(
            new Position(
                position.stage(),
                position.epoch(),
                chunk,
                position.bestEpoch(),
                position.bestScore(),
                optimizer.step(),
                averaging.steps()));
      }
    }
  }

  /** As the recipe calls it. */
  private String name() {
    return pretraining ? "pretraining" : "training";
  }

  private float rate(long chunksInAll) {
    if (how.schedule().equals("constant")) {
      return how.learningRate();
    }
    double along = Math.min(1, (double) optimizer.step() / chunksInAll);
    return (float) (how.learningRate() * Math.max(0.02, 1 - along));
  }

  /** One chunk: gradients, clipping, update. Returns the gradients' global norm before clipping. */
  private double learn(Chunk[] chunks, SplittableRandom[] own, int labelled, float rate) {
    float sentimentScale = how.sentimentWeight() / Math.max(1, labelled);
    double positions = how.nextTokenShare() * how.batchSize() * how.bptt();
    float nextScale = positions == 0 ? 0f : (float) (how.nextTokenWeight() / positions);
    in.workers().all(weights.packing(new SplittableRandom(seed ^ optimizer.step())));
    in.workers()
        .each(w -> bptt[w].run(chunks[w], sentimentScale, nextScale, how.nextTokenShare(), own[w]));

    float[] sum = bptt[0].gradients().values();
    double[] squares = new double[bptt.length];
    in.workers()
        .ranges(
            sum.length,
            (w, from, to) -> {
              for (int other = 1; other < bptt.length; other++) {
                float[] g = bptt[other].gradients().values();
                for (int i = from; i < to; i++) {
                  sum[i] += g[i];
                }
              }
              squares[w] = squares(sum, from, to);
            });
    double norm = Math.sqrt(Arrays.stream(squares).sum());
    float scale = norm > how.clipGradNorm() ? (float) (how.clipGradNorm() / norm) : 1f;
    optimizer.nextStep();
    if (averaging.active()) {
      averaging.nextStep();
    }
    in.workers()
        .ranges(
            sum.length,
            (w, from, to) -> {
              optimizer.update(parameters.values(), sum, scale, rate, from, to);
              if (averaging.active()) {
                averaging.add(parameters.values(), from, to);
              }
            });
    return norm;
  }

  static double squares(float[] x, int from, int to) {
    double a = 0;
    double b = 0;
    double c = 0;
    double d = 0;
    int i = from;
    for (; i + 4 <= to; i += 4) {
      a += (double) x[i] * x[i];
      b += (double) x[i + 1] * x[i + 1];
      c += (double) x[i + 2] * x[i + 2];
      d += (double) x[i + 3] * x[i + 3];
    }
    for (; i < to; i++) {
      a += (double) x[i] * x[i];
    }
    return a + b + c + d;
  }

  private static double running(double mean, double sum, int count) {
    if (count == 0) {
      return mean;
    }
    return Double.isNaN(mean) ? sum / count : 0.99 * mean + 0.01 * sum / count;
  }

  private void requireFinite(double sentiment, double next, double norm) {
    if (Double.isFinite(sentiment + next + norm)) {
      return;
    }
    throw new RecipeException(
        "loss and gradients must be finite, found sentiment loss "
            + sentiment
            + ", next-token loss "
            + next
            + ", gradient norm "
            + norm
            + firstNotFinite()
            + " at step "
            + optimizer.step()
            + ": lower training.learning_rate or training.clip_grad_norm");
  }

  /** The first tensor whose gradient is at fault. */
  private String firstNotFinite() {
    float[] g = bptt[0].gradients().values();
    for (Tensor tensor : config.tensors()) {
      int offset = parameters.offset(tensor.name());
      for (int i = 0; i < tensor.size(); i++) {
        if (!Float.isFinite(g[offset + i])) {
          return " (gradient of " + tensor.name() + ")";
        }
      }
    }
    return "";
  }
}
