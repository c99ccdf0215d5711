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
 * One stage of a run: epochs of chunks. For each chunk it computes losses and gradients, clips the
 * gradients and updates the parameters. It saves the run after every epoch and every few minutes. A
 * stopped run continues from there with the same results as an undisturbed one: streams and random
 * numbers are drawn again up to the saved chunk. Used by one thread.
 */
final class StageTraining {

  private final Recipe.Training settings;
  private final boolean pretraining;
  private final long seed;
  private final ModelConfig config;
  private final Tokenizer tokenizer;
  private final Parameters parameters;
  private final TrainingSet data;
  private final Trainer.Context context;
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
      TrainingSet data,
      Trainer.Context context) {
    settings = stage.training();
    this.pretraining = pretraining;
    this.position = position;
    this.seed = new SplittableRandom(seed * 31 + position.stage()).nextLong();
    this.config = config;
    this.tokenizer = tokenizer;
    this.parameters = parameters;
    this.data = data;
    this.context = context;
    weights = new Weights(config, parameters, context.kernels(), settings.weightDropout());
    Dropout dropout =
        new Dropout(
            settings.dropoutEmbedding(),
            settings.dropoutWords(),
            settings.dropoutOutput(),
            settings.dropoutFeatures());
    bptt = new Bptt[context.threads()];
    Arrays.setAll(
        bptt,
        w ->
            new Bptt(
                config,
                weights,
                context.kernels(),
                dropout,
                settings.bptt(),
                settings.batchSize() / context.threads()));
    optimizer =
        settings.optimizer().equals("sgd")
            ? new Sgd(settings.weightDecay())
            : new Adam(config.tensors(), settings.weightDecay());
    averaging = new Averaging(config.tensors());
  }

  /** The position of the run; after {@link #train} the start of the next stage. */
  Position position() {
    return position;
  }

  /** Trains to the end of the stage and returns the parameters that the next stage starts from. */
  Parameters train() throws IOException {
    if (!position.equals(Position.atStage(position.stage()))) {
      Map<String, Parameters> blocks = blocks();
      context.run().load(position, blocks);
      for (int w = 0; w < bptt.length && position.chunk() > 0; w++) {
        bptt[w].restore(blocks.get("carried-" + w));
      }
      optimizer.resumeAt(position.step());
      averaging.resumeAt(position.averaged());
    } else if (position.stage() > 0) {
      context.run().load(position, Map.of("parameters", parameters));
    }
    while (position.epoch() < settings.epochs()
        && (pretraining || position.epoch() - position.bestEpoch() < settings.patience())) {
      epoch();
      endOfEpoch();
    }
    Parameters result = averaging.active() ? averaging.mean() : parameters;
    position = Position.atStage(position.stage() + 1);
    context.run().save(position, Map.of("parameters", result), context.curves());
    return result;
  }

  /** The values that a stopped run continues with. */
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
    context.run().save(position, blocks(), context.curves());
    savedNanos = System.nanoTime();
  }

  private void endOfEpoch() throws IOException {
    int epoch = position.epoch() + 1;
    Parameters scored = averaging.active() ? averaging.mean() : parameters;
    Model model =
        new Model(config, tokenizer, new Network(config, scored, context.kernels()), "unfinished");
    List<Evaluation.Result> results = context.evaluation().of(model, true, context.workers());
    double score = Evaluation.mean(results);
    boolean best = score > position.bestScore();
    int bestEpoch = best ? epoch : position.bestEpoch();
    if (settings.averaging() > 0
        && !averaging.active()
        && epoch - bestEpoch >= settings.averaging()) {
      averaging.begin(parameters);
      context.progress().says("averaging the parameters from now on");
    }
    if (best && !pretraining) {
      Checkpoint.write(context.run().best(), config, tokenizer, scored, true);
    }
    context.curves().epoch(name(), epoch, results, best && !pretraining);
    save(
        new Position(
            position.stage(),
            epoch,
            0,
            bestEpoch,
            best ? score : position.bestScore(),
            optimizer.step(),
            averaging.steps()));
    context.curves().redraw(context.pictures());
    context.progress().epoch(epoch, results, best && !pretraining);
  }

  private void epoch() throws IOException {
    int epoch = position.epoch() + 1;
    long epochSeed = new SplittableRandom(seed + epoch).nextLong();
    List<Example[]> conversations = data.ofEpoch(epoch, seed);
    PackedStreams streams =
        new PackedStreams(
            conversations,
            settings.batchSize(),
            tokenizer.endOfRecord(),
            settings.freshShare(),
            epochSeed);
    Chunk[] chunks = new Chunk[bptt.length];
    Arrays.setAll(chunks, w -> new Chunk(settings.bptt(), settings.batchSize() / bptt.length));
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
    long perChunk = (long) settings.batchSize() * settings.bptt();
    long chunksInAll = Math.max(1, data.tokensPerEpoch() / perChunk) * settings.epochs();
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
      context
          .curves()
          .step(name(), epoch, perChunk, sentiment, labelled, next, positions, norm, rate);
      sentimentLoss = running(sentimentLoss, sentiment, labelled);
      nextLoss = running(nextLoss, next, positions);
      context
          .progress()
          .chunk(epoch, Math.min(chunk * perChunk, all), all, sentimentLoss, nextLoss, norm);
      if (more && System.nanoTime() - savedNanos >= context.saveEvery().toNanos()) {
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

  /** The name of the stage in the recipe. */
  private String name() {
    return pretraining ? "pretraining" : "training";
  }

  private float rate(long chunksInAll) {
    if (settings.schedule().equals("constant")) {
      return settings.learningRate();
    }
    double along = Math.min(1, (double) optimizer.step() / chunksInAll);
    return (float) (settings.learningRate() * Math.max(0.02, 1 - along));
  }

  /** Learns one chunk. Returns the global norm of the gradients before clipping. */
  private double learn(Chunk[] chunks, SplittableRandom[] own, int labelled, float rate) {
    float sentimentScale = settings.sentimentWeight() / Math.max(1, labelled);
    double positions = settings.nextTokenShare() * settings.batchSize() * settings.bptt();
    float nextScale = positions == 0 ? 0f : (float) (settings.nextTokenWeight() / positions);
    context.workers().all(weights.packing(new SplittableRandom(seed ^ optimizer.step())));
    context
        .workers()
        .each(
            w ->
                bptt[w].run(
                    chunks[w], sentimentScale, nextScale, settings.nextTokenShare(), own[w]));

    float[] sum = bptt[0].gradients().values();
    double[] squares = new double[bptt.length];
    context
        .workers()
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
    float scale = norm > settings.clipGradNorm() ? (float) (settings.clipGradNorm() / norm) : 1f;
    optimizer.nextStep();
    if (averaging.active()) {
      averaging.nextStep();
    }
    context
        .workers()
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

  /** The sum of squares in the range [from, to). */
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

  /** The running mean of a loss after {@code count} more values with this sum. */
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

  /** Names the first tensor with a gradient that is NaN or infinite. */
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
