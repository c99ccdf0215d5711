package io.undercurrent.train;

import io.undercurrent.chart.Pictures;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.io.AtomicFile;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.Kind;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import io.undercurrent.text.ByteTokenizer;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.train.RunFolder.Position;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One training run in a folder of its own: {@code best/} is the checkpoint with the best dev score
 * so far, {@code pretrained/} the one that pre-training left, {@code last/} what the run needs to
 * go on after it was stopped, {@code curves.jsonl} and pictures how it learnt. Workers share each
 * chunk's rows; their gradients are added in fixed order, so a run depends on the number of threads
 * and on nothing else.
 */
public final class Trainer implements AutoCloseable {

  /** How much work a kill may lose. */
  private static final Duration SAVE_EVERY = Duration.ofMinutes(5);

  private final Recipe recipe;
  private final Path data;
  private final RunFolder run;
  private final int threads;
  private final Progress progress;
  private final Duration saveEvery;
  private final Workers workers;

  /**
   * @param run the run's folder; made if it is not there, gone on with if it holds a stopped run
   * @param threads workers, at least 1; the batch size must be a multiple of it
   */
  public Trainer(Recipe recipe, Path data, Path run, int threads, Progress progress) {
    this(recipe, data, run, threads, progress, SAVE_EVERY);
  }

  Trainer(Recipe recipe, Path data, Path run, int threads, Progress progress, Duration saveEvery) {
    for (Recipe.Stage stage : recipe.stages()) {
      int batch = stage.training().batchSize();
      if (threads < 1 || batch % threads != 0) {
        throw new RecipeException(
            "training.batch_size must be a multiple of the number of threads "
                + threads
                + ", found "
                + batch);
      }
    }
    this.recipe = recipe;
    this.data = data;
    this.run = new RunFolder(run, recipe, threads);
    this.threads = threads;
    this.progress = progress;
    this.saveEvery = saveEvery;
    workers = new Workers(threads);
  }

  /**
   * Trains until the recipe's epochs are over or the dev score stops rising.
   *
   * @return the folder of the best checkpoint
   * @throws RecipeException if the data is not as the recipe says, or the loss is no longer finite
   */
  public Path train() throws IOException {
    run.claim();
    Checkpoint init = recipe.init() == null ? null : Checkpoint.read(recipe.init());
    TrainingData training = new TrainingData(recipe, data, run.path(), progress);
    Tokenizer tokenizer = init != null ? init.tokenizer() : tokenizer(training);
    ModelConfig config =
        init != null && recipe.model() == null
            ? init.config().withName(recipe.name())
            : recipe.config(tokenizer.size());
    Evaluation evaluation = new Evaluation(recipe, data);
    Parameters parameters = initial(config, recipe.seed());
    if (init != null) {
      progress.says("starting from " + recipe.init() + takeOver(init, parameters));
    }

    Position position = run.position();
    if (!position.equals(Position.START)) {
      progress.says("going on after epoch " + position.epoch() + " of " + run.path());
    }
    Curves curves = run.curves();
    Pictures pictures = new Pictures(progress::says);
    List<Recipe.Stage> stages = recipe.stages();
    while (position.stage() < stages.size()) {
      boolean pretraining = position.stage() < stages.size() - 1;
      Recipe.Stage stage = stages.get(position.stage());
      if (stages.size() > 1) {
        progress.says(pretraining ? "pre-training" : "training");
      }
      StageTraining learning =
          new StageTraining(
              stage,
              pretraining,
              position,
              recipe.seed(),
              config,
              tokenizer,
              parameters,
              training.encode(stage, tokenizer),
              new Surroundings(
                  run, evaluation, workers, threads, progress, saveEvery, curves, pictures));
      parameters = learning.train();
      if (pretraining) {
        Checkpoint.write(run.path().resolve("pretrained"), config, tokenizer, parameters, false);
      }
      position = learning.position();
    }
    curves.draw(pictures);
    return run.best();
  }

  /** Copies the tensors that agree in name and shape; says which are new. */
  private static String takeOver(Checkpoint init, Parameters parameters) {
    List<String> fresh = new ArrayList<>();
    for (Tensor tensor : parameters.tensors()) {
      if (init.parameters().tensors().contains(tensor)) {
        float[] values = init.parameters().copy(tensor.name());
        System.arraycopy(
            values, 0, parameters.values(), parameters.offset(tensor.name()), values.length);
      } else {
        fresh.add(tensor.name());
      }
    }
    return fresh.isEmpty() ? "" : ", new: " + String.join(", ", fresh);
  }

  /** What stages share. */
  record Surroundings(
      RunFolder run,
      Evaluation evaluation,
      Workers workers,
      int threads,
      Progress progress,
      Duration saveEvery,
      Curves curves,
      Pictures pictures) {

    Kernels kernels() {
      return Kernels.best();
    }
  }

  private Tokenizer tokenizer(TrainingData training) throws IOException {
    if (recipe.vocabulary().ofBytes()) {
      return new ByteTokenizer();
    }
    if (Files.exists(run.tokenizer())) {
      return Tokenizer.read(Files.readAllBytes(run.tokenizer()));
    }
    Tokenizer tokenizer = training.tokenizer();
    AtomicFile.replace(run.tokenizer(), tokenizer.toJson());
    return tokenizer;
  }

  /**
   * Uniform in +-1/sqrt(H) as PyTorch does, an LSTM's forget gates open (bias 1; Jozefowicz et al.
   * 2015), embeddings normal with deviation 0.1.
   */
  static Parameters initial(ModelConfig config, long seed) {
    Parameters parameters = new Parameters(config.tensors());
    SplittableRandom random = new SplittableRandom(seed);
    float[] p = parameters.values();
    double bound = 1 / Math.sqrt(config.hiddenSize());
    for (Tensor tensor : config.tensors()) {
      int offset = parameters.offset(tensor.name());
      boolean embedding = tensor.name().equals("embedding.weight");
      for (int i = 0; i < tensor.size(); i++) {
        p[offset + i] =
            (float)
                (embedding ? 0.1 * random.nextGaussian() : bound * (2 * random.nextDouble() - 1));
      }
    }
    for (int l = 0; config.kind() == Kind.LSTM && l < config.numLayers(); l++) {
      int forget = parameters.offset("rnn.bias_ih_l" + l) + config.hiddenSize();
      Arrays.fill(p, forget, forget + config.hiddenSize(), 1f);
    }
    return parameters;
  }

  @Override
  public void close() {
    workers.close();
  }
}
