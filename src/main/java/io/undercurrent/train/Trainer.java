package io.undercurrent.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import io.undercurrent.text.ByteTokenizer;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.Tokenizer;
import io.undercurrent.text.VocabularyBuilder;
import io.undercurrent.text.WordTokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * One training run in a folder of its own: {@code best/} is the checkpoint with the best dev score
 * so far, {@code last/} what the run needs to go on after it was stopped. Workers share each
 * chunk's rows; their gradients are added in fixed order, so a run depends on the number of threads
 * and on nothing else.
 */
public final class Trainer implements AutoCloseable {

  private final Recipe recipe;
  private final Path data;
  private final Path run;
  private final int threads;
  private final Progress progress;
  private final Kernels kernels = Kernels.best();
  private final ExecutorService workers;

  /**
   * @param run the run's folder; made if it is not there, gone on with if it holds a stopped run
   * @param threads workers, at least 1; the batch size must be a multiple of it
   */
  public Trainer(Recipe recipe, Path data, Path run, int threads, Progress progress) {
    if (threads < 1 || recipe.training().batchSize() % threads != 0) {
      throw new RecipeException(
          "training.batch_size must be a multiple of the number of threads "
              + threads
              + ", found "
              + recipe.training().batchSize());
    }
    this.recipe = recipe;
    this.data = data;
    this.run = run;
    this.threads = threads;
    this.progress = progress;
    workers =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "trainer");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Trains until the recipe's epochs are over or the dev score stops rising.
   *
   * @return the folder of the best checkpoint
   * @throws RecipeException if the data is not as the recipe says, or the loss is no longer finite
   */
  public Path train() throws IOException {
    claim();
    List<Corpus> corpora =
        recipe.train().stream()
            .map(
                source -> {
                  progress.says("reading " + source.file());
                  return Corpus.read(source, data);
                })
            .toList();
    Tokenizer tokenizer = tokenizer(corpora);
    ModelConfig config = recipe.config(tokenizer.size());
    List<Example[]> conversations = encode(corpora, tokenizer);
    Evaluation evaluation = new Evaluation(recipe, data);

    Parameters parameters = new Parameters(config.tensors());
    Adam adam = new Adam(config);
    RunState state = resume(config, parameters, adam);
    Recipe.Training t = recipe.training();
    Weights weights = new Weights(config, parameters, kernels);
    Dropout dropout = new Dropout(t.dropoutEmbedding(), t.dropoutOutput(), t.dropoutFeatures());
    Bptt[] bptt = new Bptt[threads];
    for (int w = 0; w < threads; w++) {
      bptt[w] = new Bptt(config, weights, kernels, dropout, t.bptt(), t.batchSize() / threads);
    }
    while (state.epoch < t.epochs() && state.epoch - state.bestEpoch < t.patience()) {
      int epoch = state.epoch + 1;
      epoch(epoch, conversations, tokenizer.endOfRecord(), parameters, weights, adam, bptt);
      Model model =
          new Model(config, tokenizer, new Network(config, parameters, kernels), "unfinished");
      List<Evaluation.Result> results = evaluation.of(model, true);
      double score = Evaluation.mean(results);
      boolean best = score > state.bestScore;
      state =
          new RunState(
              epoch, best ? epoch : state.bestEpoch, best ? score : state.bestScore, adam.step());
      if (best) {
        Checkpoint.write(run.resolve("best"), config, tokenizer, parameters, true);
      }
      save(state, parameters, adam);
      progress.epoch(epoch, results, best);
    }
    return run.resolve("best");
  }

  private Tokenizer tokenizer(List<Corpus> corpora) throws IOException {
    if (recipe.vocabulary().ofBytes()) {
      return new ByteTokenizer();
    }
    Path file = run.resolve("tokenizer.json");
    if (Files.exists(file)) {
      return WordTokenizer.read(Files.readAllBytes(file));
    }
    progress.says("counting words");
    VocabularyBuilder vocabulary = new VocabularyBuilder();
    for (Recipe.Source source : recipe.vocabulary().sources()) {
      progress.says("counting words in " + source.file());
      count(Corpus.read(source, data), vocabulary);
    }
    for (Corpus corpus : corpora) {
      if (!recipe.vocabulary().uncounted().contains(corpus.source().name())) {
        count(corpus, vocabulary);
      }
    }
    List<String> words =
        vocabulary.build(
            new VocabularyBuilder.Settings(
                recipe.vocabulary().size(), recipe.vocabulary().minDocuments()));
    Tokenizer tokenizer = WordTokenizer.of(words);
    replace(file, tokenizer.toJson());
    progress.says("vocabulary of " + tokenizer.size() + " tokens");
    return tokenizer;
  }

  private static void count(Corpus corpus, VocabularyBuilder vocabulary) {
    for (Corpus.Conversation conversation : corpus.conversations()) {
      for (Corpus.Item item : conversation.items()) {
        vocabulary.add(conversation.document(), item.text(), corpus.source().cased());
      }
    }
  }

  private List<Example[]> encode(List<Corpus> corpora, Tokenizer tokenizer) {
    List<Example[]> conversations = new ArrayList<>();
    long tokens = 0;
    long unknown = 0;
    for (Corpus corpus : corpora) {
      float[] weights = corpus.classWeights();
      for (Corpus.Conversation conversation : corpus.conversations()) {
        List<Example> records = new ArrayList<>();
        for (Corpus.Item item : conversation.items()) {
          Encoding encoding = tokenizer.encode(item.text(), recipe.training().maxTokens());
          if (encoding.ids().length > 0) {
            float weight = item.label() < 0 ? 1f : weights[item.label()];
            records.add(new Example(encoding.ids(), item.label(), weight));
            tokens += encoding.ids().length;
            unknown += encoding.unknown();
          }
        }
        if (!records.isEmpty()) {
          conversations.add(records.toArray(Example[]::new));
        }
      }
    }
    if (tokens == 0) {
      throw new RecipeException("train sources must have at least one token, found none");
    }
    progress.says(
        String.format(
            "%,d conversations, %,d tokens, %.1f %% unknown",
            conversations.size(), tokens, 100.0 * unknown / tokens));
    return conversations;
  }

  private void epoch(
      int epoch,
      List<Example[]> conversations,
      int endOfRecord,
      Parameters parameters,
      Weights weights,
      Adam adam,
      Bptt[] bptt) {
    Recipe.Training t = recipe.training();
    long seed = new SplittableRandom(recipe.seed() * 1_000_003 + epoch).nextLong();
    PackedStreams streams =
        new PackedStreams(conversations, t.batchSize(), endOfRecord, t.freshShare(), seed);
    Chunk[] chunks = new Chunk[threads];
    Arrays.setAll(chunks, w -> new Chunk(t.bptt(), t.batchSize() / threads));
    Arrays.stream(bptt).forEach(Bptt::clear);
    SplittableRandom random = new SplittableRandom(seed + 1);

    long all = PackedStreams.tokens(conversations);
    long perChunk = (long) t.batchSize() * t.bptt();
    long chunksInAll = Math.max(1, all / perChunk) * t.epochs();
    long done = 0;
    double sentimentLoss = Double.NaN;
    double nextLoss = Double.NaN;
    boolean more = true;
    while (more) {
      more = streams.next(chunks);
      double along = Math.min(1, (double) adam.step() / chunksInAll);
      float rate = (float) (t.learningRate() * Math.max(0.02, 1 - along));
      int labelled = Arrays.stream(chunks).mapToInt(Chunk::labelled).sum();
      float sentimentScale = t.sentimentWeight() / Math.max(1, labelled);
      float nextScale =
          t.nextTokenShare() == 0
              ? 0f
              : (float) (t.nextTokenWeight() / (t.nextTokenShare() * perChunk));
      weights.pack();
      List<Callable<Void>> tasks = new ArrayList<>();
      for (int w = 0; w < threads; w++) {
        Bptt worker = bptt[w];
        Chunk chunk = chunks[w];
        SplittableRandom own = random.split();
        tasks.add(
            () -> {
              worker.run(chunk, sentimentScale, nextScale, t.nextTokenShare(), own);
              return null;
            });
      }
      all(tasks);
      double norm = update(parameters, adam, bptt, rate);
      double sentiment = Arrays.stream(bptt).mapToDouble(Bptt::sentimentLoss).sum();
      double next = Arrays.stream(bptt).mapToDouble(Bptt::nextLoss).sum();
      int nextCount = Arrays.stream(bptt).mapToInt(Bptt::nextCount).sum();
      if (!Double.isFinite(sentiment + next + norm)) {
        throw new RecipeException(
            "loss and gradients must be finite, found sentiment loss "
                + sentiment
                + ", next-token loss "
                + next
                + ", gradient norm "
                + norm
                + " at step "
                + adam.step()
                + ": lower training.learning_rate or training.clip_grad_norm");
      }
      sentimentLoss = running(sentimentLoss, sentiment, labelled);
      nextLoss = running(nextLoss, next, nextCount);
      done += perChunk;
      progress.chunk(epoch, Math.min(done, all), all, sentimentLoss, nextLoss, norm);
    }
  }

  private static double running(double mean, double sum, int count) {
    if (count == 0) {
      return mean;
    }
    return Double.isNaN(mean) ? sum / count : 0.99 * mean + 0.01 * sum / count;
  }

  /** Adds the workers' gradients, clips by global norm, and lets Adam step. Returns the norm. */
  private double update(Parameters parameters, Adam adam, Bptt[] bptt, float rate) {
    float[] sum = bptt[0].gradients().values();
    int n = sum.length;
    double[] squares = new double[threads];
    List<Callable<Void>> adding = new ArrayList<>();
    for (int w = 0; w < threads; w++) {
      int range = w;
      adding.add(
          () -> {
            int from = (int) ((long) n * range / threads);
            int to = (int) ((long) n * (range + 1) / threads);
            for (int other = 1; other < threads; other++) {
              float[] g = bptt[other].gradients().values();
              for (int i = from; i < to; i++) {
                sum[i] += g[i];
              }
            }
            squares[range] = squares(sum, from, to);
            return null;
          });
    }
    all(adding);
    double norm = Math.sqrt(Arrays.stream(squares).sum());
    float most = recipe.training().clipGradNorm();
    float scale = norm > most ? (float) (most / norm) : 1f;
    adam.nextStep();
    List<Callable<Void>> stepping = new ArrayList<>();
    for (int w = 0; w < threads; w++) {
      int from = (int) ((long) n * w / threads);
      int to = (int) ((long) n * (w + 1) / threads);
      stepping.add(
          () -> {
            adam.update(parameters.values(), sum, scale, rate, from, to);
            return null;
          });
    }
    all(stepping);
    return norm;
  }

  private static double squares(float[] x, int from, int to) {
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

  private void all(List<Callable<Void>> tasks) {
    try {
      for (Future<Void> future : workers.invokeAll(tasks)) {
        future.get();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("training was interrupted", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a worker failed: " + e.getCause(), e.getCause());
    }
  }

  /** What a stopped run needs beside its tensors. */
  private record RunState(int epoch, int bestEpoch, double bestScore, long step) {}

  private static final RunState UNTRAINED = new RunState(0, 0, Double.NEGATIVE_INFINITY, 0);

  /**
   * Makes the folder a run of this recipe before anything is put there: the vocabulary is of this
   * recipe too.
   */
  private void claim() throws IOException {
    Path file = run.resolve("last").resolve("run.json");
    if (!Files.exists(file)) {
      Files.createDirectories(file.getParent());
      write(UNTRAINED);
      return;
    }
    JsonNode json = read(file);
    if (!json.path("recipe").asText().equals(recipe.toString())) {
      throw new RecipeException(
          run
              + ": must be a run of this recipe, found one of another: choose another --run folder");
    }
    if (json.path("threads").asInt() != threads) {
      throw new RecipeException(
          run
              + ": must be a run with "
              + threads
              + " threads, which decide the result, found one with "
              + json.path("threads").asInt()
              + ": choose another --run folder or --threads");
    }
  }

  private static JsonNode read(Path file) throws IOException {
    return new ObjectMapper().readTree(file.toFile());
  }

  private RunState resume(ModelConfig config, Parameters parameters, Adam adam) throws IOException {
    Path last = run.resolve("last");
    JsonNode json = read(last.resolve("run.json"));
    if (json.path("epoch").asInt() == 0) {
      initialise(config, parameters);
      return UNTRAINED;
    }
    Path folder = last.resolve(json.path("epoch").asText());
    Checkpoint.readTensors(folder.resolve("parameters.safetensors"), parameters);
    Checkpoint.readTensors(folder.resolve("adam-m.safetensors"), adam.m);
    Checkpoint.readTensors(folder.resolve("adam-v.safetensors"), adam.v);
    adam.resumeAt(json.path("step").asLong());
    RunState state =
        new RunState(
            json.path("epoch").asInt(),
            json.path("bestEpoch").asInt(),
            json.path("bestScore").asDouble(),
            adam.step());
    progress.says("going on after epoch " + state.epoch + " of " + run);
    return state;
  }

  /** Tensors first, then the file that names them: a run killed between goes on from before. */
  private void save(RunState state, Parameters parameters, Adam adam) throws IOException {
    Path last = run.resolve("last");
    Path folder = last.resolve(Integer.toString(state.epoch));
    Files.createDirectories(folder);
    Checkpoint.writeTensors(folder.resolve("parameters.safetensors"), parameters);
    Checkpoint.writeTensors(folder.resolve("adam-m.safetensors"), adam.m);
    Checkpoint.writeTensors(folder.resolve("adam-v.safetensors"), adam.v);
    write(state);
    Path before = last.resolve(Integer.toString(state.epoch - 1));
    if (Files.isDirectory(before)) {
      try (var files = Files.list(before)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(before);
    }
  }

  private void write(RunState state) throws IOException {
    Path last = run.resolve("last");
    ObjectNode json = new ObjectMapper().createObjectNode();
    json.put("recipe", recipe.toString());
    json.put("threads", threads);
    json.put("epoch", state.epoch);
    json.put("bestEpoch", state.bestEpoch);
    json.put("bestScore", state.bestScore);
    json.put("step", state.step);
    replace(last.resolve("run.json"), json.toPrettyString().getBytes(StandardCharsets.UTF_8));
  }

  private static void replace(Path file, byte[] bytes) throws IOException {
    Path temporary = file.resolveSibling(file.getFileName() + ".tmp");
    Files.write(temporary, bytes);
    Files.move(
        temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * Uniform in +-1/sqrt(H) as PyTorch does, forget gates open (bias 1; Jozefowicz et al. 2015),
   * embeddings normal with deviation 0.1.
   */
  private void initialise(ModelConfig config, Parameters parameters) {
    SplittableRandom random = new SplittableRandom(recipe.seed());
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
    for (int l = 0; l < config.numLayers(); l++) {
      int forget = parameters.offset("rnn.bias_ih_l" + l) + config.hiddenSize();
      Arrays.fill(p, forget, forget + config.hiddenSize(), 1f);
    }
  }

  @Override
  public void close() {
    workers.shutdownNow();
  }
}
