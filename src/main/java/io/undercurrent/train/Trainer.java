package io.undercurrent.train;

import io.undercurrent.chart.Pictures;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.io.AtomicFile;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Network;
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
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * One training run. It has a folder of its own: {@code best/} is the checkpoint with the best dev
 * score so far, {@code pretrained/} the result of pre-training, {@code last/} what a stopped run
 * continues from, and {@code curves.jsonl} and pictures are the learning curves. The workers share
 * the rows of each chunk, and their gradients are added in a fixed order. So the result depends on
 * recipe, data, machine, JDK and the number of threads, and not on their timing. Used by one
 * thread.
 */
public final class Trainer implements AutoCloseable {

  /** The time between two saves, which is the work that a kill can lose. */
  private static final Duration SAVE_EVERY = Duration.ofMinutes(5);

  private final Recipe recipe;
  private final Path data;
  private final RunFolder run;
  private final int threads;
  private final Progress progress;
  private final Duration saveEvery;
  private final Workers workers;

  /**
   * @param run the run's folder; created if it does not exist, continued if it holds a stopped run
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
   * Trains until all epochs are done, or the dev score has not risen for {@code patience} epochs.
   *
   * @return the folder of the best checkpoint
   * @throws RecipeException if the data does not fit the recipe, or a loss or gradient becomes NaN
   *     or infinite
   */
  public Path train() throws IOException {
    run.claim();
    Checkpoint init = recipe.init() == null ? null : Checkpoint.read(recipe.init());
    TrainingData training = new TrainingData(recipe, data, run.path(), progress);
    Tokenizer tokenizer = init != null ? init.tokenizer() : tokenizer(training);
    ModelConfig config =
        init != null && recipe.model() == null
            ? init.config()
                .withName(recipe.name())
                .withLabels(recipe.labels())
                .withTemperature(1f) // fitted at the end
            : recipe.config(tokenizer.size());
    Evaluation evaluation = new Evaluation(recipe, data);
    Parameters parameters = initial(config, recipe.seed());
    if (init != null) {
      boolean sameLabels = init.config().labels().names().equals(recipe.labels().names());
      progress.says("starting from " + recipe.init() + takeOver(init, parameters, sameLabels));
      if (!sameLabels) {
        progress.says(
            "the sentiment head starts at random: the labels of %s are %s, those of the recipe %s"
                .formatted(
                    recipe.init(),
                    String.join(", ", init.config().labels().names()),
                    String.join(", ", recipe.labels().names())));
      }
    }

    Position position = run.position();
    if (init != null && position.equals(Position.START)) {
      Network network = new Network(config, parameters, Kernels.best());
      progress.epoch(
          0,
          evaluation.of(new Model(config, tokenizer, network, "untrained"), true, workers),
          false);
    }
    if (!position.equals(Position.START)) {
      progress.says("continuing after epoch " + position.epoch() + " of " + run.path());
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
              new Context(
                  run, evaluation, workers, threads, progress, saveEvery, curves, pictures));
      parameters = learning.train();
      if (pretraining) {
        Checkpoint.write(run.path().resolve("pretrained"), config, tokenizer, parameters, false);
      }
      position = learning.position();
    }
    curves.draw(pictures);
    if (recipe.calibrate()) {
      calibrate(evaluation);
    }
    return run.best();
  }

  /**
   * Fits the temperature of the best checkpoint and writes it into its {@code config.json}; the
   * other files keep their bytes. A run that is started again after its end writes the same.
   */
  private void calibrate(Evaluation evaluation) throws IOException {
    Checkpoint best = Checkpoint.read(run.best().toString());
    ModelConfig plain = best.config().withTemperature(1f);
    Model model =
        new Checkpoint(plain, best.tokenizer(), best.parameters(), best.fingerprint()).model();
    Map<Recipe.Source, Calibration> calibrations = evaluation.calibrations(model);
    int records = calibrations.values().stream().mapToInt(Calibration::records).sum();
    if (records < Temperature.MIN_RECORDS) {
      progress.says(
          "temperature of the sentiment: 1, because fitting it takes at least "
              + Temperature.MIN_RECORDS
              + " labelled dev records, found "
              + records);
      return;
    }
    float temperature = Temperature.fit(List.copyOf(calibrations.values()));
    ModelConfig calibrated = plain.withTemperature(temperature);
    Checkpoint.write(run.best(), calibrated, best.tokenizer(), best.parameters(), true);
    progress.says(String.format(Locale.ROOT, "temperature of the sentiment: %s", temperature));
    calibrations.forEach(
        (source, before) ->
            progress.says(
                String.format(
                    Locale.ROOT,
                    "calibration error (ECE) on %s: %.2f %% before, %.2f %% after",
                    source.name(),
                    100 * before.ece(),
                    100 * before.dividedBy(temperature).ece())));
  }

  /**
   * Copies the tensors that agree in name and shape. Returns a message that names the others.
   *
   * @param sameLabels false to leave out the sentiment head, whose outputs mean something else
   */
  private static String takeOver(Checkpoint init, Parameters parameters, boolean sameLabels) {
    List<String> fresh = new ArrayList<>();
    for (Tensor tensor : parameters.tensors()) {
      boolean head = tensor.name().startsWith("sentiment.");
      if ((sameLabels || !head) && init.parameters().tensors().contains(tensor)) {
        float[] values = init.parameters().copy(tensor.name());
        System.arraycopy(
            values, 0, parameters.values(), parameters.offset(tensor.name()), values.length);
      } else {
        fresh.add(tensor.name());
      }
    }
    return fresh.isEmpty() ? "" : ", new: " + String.join(", ", fresh);
  }

  /** What all stages of a run use. */
  record Context(
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
    if (recipe.vocabulary().isOfBytes()) {
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
   * Random initial parameters: uniform in +-1/sqrt(H) as in PyTorch, biases of an LSTM's forget
   * gates 1 (Jozefowicz et al. 2015), embeddings normal with a standard deviation of 0.1.
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
    for (int l = 0; config.kind() == CellType.LSTM && l < config.numLayers(); l++) {
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
