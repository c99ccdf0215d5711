package io.undercurrent.train;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.io.AtomicFile;
import io.undercurrent.io.Json;
import io.undercurrent.model.Parameters;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/**
 * The folder of a run. {@code best/} is the checkpoint with the best dev score so far. {@code
 * last/} is what a stopped run continues from: {@code run.json}, and a folder of tensors whose name
 * follows from the position in {@code run.json}. Used by one thread and one process at a time.
 */
final class RunFolder {

  private final Path run;
  private final String recipe;
  private final int threads;

  RunFolder(Path run, Recipe recipe, int threads) {
    this.run = run;
    this.recipe = recipe.toString();
    this.threads = threads;
  }

  /**
   * The position of a run.
   *
   * @param stage index in {@link Recipe#stages}
   * @param epoch finished epochs of the stage
   * @param chunk finished chunks of the next epoch
   * @param bestEpoch the epoch with the best dev score, from 1; 0 before the first
   * @param step steps of the stage's optimiser
   * @param averaged steps in the mean of the parameters; 0 without averaging
   */
  record Position(
      int stage, int epoch, long chunk, int bestEpoch, double bestScore, long step, long averaged) {

    static final Position START = atStage(0);

    static Position atStage(int stage) {
      return new Position(stage, 0, 0, 0, Double.NEGATIVE_INFINITY, 0, 0);
    }

    private String folder() {
      return stage + "-" + epoch + "-" + chunk;
    }
  }

  Path path() {
    return run;
  }

  Path best() {
    return run.resolve("best");
  }

  Path tokenizer() {
    return run.resolve("tokenizer.json");
  }

  /**
   * Marks the folder as a run of this recipe before anything else is written into it.
   *
   * @throws RecipeException if it is a run of another recipe, or with another number of threads
   */
  void claim() throws IOException {
    if (!isClaimed()) {
      Files.createDirectories(json().getParent());
      write(Position.START, null);
    }
  }

  /**
   * Whether the folder is marked as a run of this recipe.
   *
   * @throws RecipeException if it is a run of another recipe, or with another number of threads
   */
  boolean isClaimed() throws IOException {
    if (!Files.exists(json())) {
      return false;
    }
    JsonNode json = read();
    if (!json.path("recipe").asText().equals(recipe)) {
      throw new RecipeException(
          run
              + ": must be a run of this recipe, found one of another: delete the folder or"
              + " choose another with --run");
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
    return true;
  }

  /** The position of the run; {@link Position#START} for a new one. */
  Position position() throws IOException {
    JsonNode json = read();
    return new Position(
        json.path("stage").asInt(),
        json.path("epoch").asInt(),
        json.path("chunk").asLong(),
        json.path("bestEpoch").asInt(),
        json.path("bestScore").asDouble(Double.NEGATIVE_INFINITY),
        json.path("step").asLong(),
        json.path("averaged").asLong());
  }

  /** The run's curves up to its position. */
  Curves curves() throws IOException {
    return Curves.of(run, read().path("curves"));
  }

  /** Loads the values of blocks, which {@link #save} saved at this position. */
  void load(Position position, Map<String, Parameters> blocks) throws IOException {
    Path folder = json().resolveSibling(position.folder());
    for (Map.Entry<String, Parameters> block : blocks.entrySet()) {
      Checkpoint.readTensors(folder.resolve(block.getKey() + ".safetensors"), block.getValue());
    }
  }

  /**
   * Saves the run. The tensors are written first and {@code run.json} last, so that a run that is
   * killed in between continues from the position before.
   */
  void save(Position position, Map<String, Parameters> blocks, Curves curves) throws IOException {
    Position before = position();
    Path last = json().getParent();
    Path folder = last.resolve(position.folder());
    Files.createDirectories(folder);
    for (Map.Entry<String, Parameters> block : blocks.entrySet()) {
      Checkpoint.writeTensors(folder.resolve(block.getKey() + ".safetensors"), block.getValue());
    }
    write(position, curves);
    if (!before.folder().equals(position.folder())) {
      delete(last.resolve(before.folder()));
    }
  }

  private static void delete(Path folder) throws IOException {
    if (Files.isDirectory(folder)) {
      try (var files = Files.list(folder)) {
        for (Path file : files.toList()) {
          Files.delete(file);
        }
      }
      Files.delete(folder);
    }
  }

  private Path json() {
    return run.resolve("last").resolve("run.json");
  }

  private JsonNode read() throws IOException {
    return Objects.requireNonNull(Json.STRICT.readTree(json().toFile()));
  }

  private void write(Position position, Curves curves) throws IOException {
    ObjectNode json = Json.STRICT.createObjectNode();
    json.put("recipe", recipe);
    json.put("threads", threads);
    json.put("stage", position.stage);
    json.put("epoch", position.epoch);
    json.put("chunk", position.chunk);
    json.put("bestEpoch", position.bestEpoch);
    if (Double.isFinite(position.bestScore)) {
      json.put("bestScore", position.bestScore);
    }
    json.put("step", position.step);
    json.put("averaged", position.averaged);
    if (curves != null) {
      json.set("curves", curves.saved());
    }
    AtomicFile.replace(json(), json.toPrettyString().getBytes(StandardCharsets.UTF_8));
  }
}
