package io.undercurrent.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.chart.LineChart;
import io.undercurrent.chart.Pictures;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;

/**
 * The learning curves of a run: {@code curves.jsonl} in the run's folder, and pictures drawn from
 * it. The file has one line for every {@value #STEPS_A_LINE} steps of an epoch and one for the
 * epoch's end. A run that was killed and continued ends with the same lines as an undisturbed one,
 * except for {@code tokensPerSecond}; for this, {@link #saved} must be stored with the run's
 * position. Used by the thread that trains.
 */
final class Curves {

  /** The number of steps that one line averages over. */
  static final int STEPS_A_LINE = 20;

  /** The shortest time between two drawings. */
  private static final long REDRAW_NANOS = 10_000_000_000L;

  private static final String FILE = "curves.jsonl";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path run;
  private final Path file;
  private long step;

  // Sums over the steps since the last line.
  private int steps;
  private long tokens;
  private double sentiment;
  private long labelled;
  private double next;
  private long nextCount;
  private double norm;
  private double largestNorm;
  private double rate; // of the last step
  private long lineStart = System.nanoTime(); // of the last line, or of this process
  private long drawn = System.nanoTime();
  private long tokensBefore; // read in this line before this process

  private Curves(Path run) {
    this.run = run;
    file = run.resolve(FILE);
  }

  /**
   * The curves of a run that begins or continues. Lines that were written after {@code saved} are
   * removed, because the run will write them again.
   *
   * @param saved the result of {@link #saved}; empty for a new run
   */
  static Curves of(Path run, JsonNode saved) throws IOException {
    Curves curves = new Curves(run);
    if (Files.exists(curves.file)) {
      try (FileChannel channel = FileChannel.open(curves.file, StandardOpenOption.WRITE)) {
        channel.truncate(saved.path("bytes").asLong());
      }
    }
    curves.step = saved.path("step").asLong();
    curves.steps = saved.path("steps").asInt();
    curves.tokens = saved.path("tokens").asLong();
    curves.tokensBefore = curves.tokens;
    curves.sentiment = saved.path("sentiment").asDouble();
    curves.labelled = saved.path("labelled").asLong();
    curves.next = saved.path("next").asDouble();
    curves.nextCount = saved.path("nextCount").asLong();
    curves.norm = saved.path("norm").asDouble();
    curves.largestNorm = saved.path("largestNorm").asDouble();
    curves.rate = saved.path("rate").asDouble();
    return curves;
  }

  /** What {@link #of} needs to continue from here: the file's length and the unfinished line. */
  ObjectNode saved() throws IOException {
    return JSON.createObjectNode()
        .put("bytes", Files.exists(file) ? Files.size(file) : 0)
        .put("step", step)
        .put("steps", steps)
        .put("tokens", tokens)
        .put("sentiment", sentiment)
        .put("labelled", labelled)
        .put("next", next)
        .put("nextCount", nextCount)
        .put("norm", norm)
        .put("largestNorm", largestNorm)
        .put("rate", rate);
  }

  /**
   * Adds one step of the optimiser.
   *
   * @param stage {@code pretraining} or {@code training}
   * @param epoch from 1 in each stage
   * @param tokens read in the step
   * @param sentiment sum of the cross-entropies of {@code labelled} records, nats
   * @param next sum of the cross-entropies of {@code nextCount} next tokens, nats
   * @param norm global norm of the gradient before clipping
   * @param rate learning rate
   */
  void step(
      String stage,
      int epoch,
      long tokens,
      double sentiment,
      int labelled,
      double next,
      int nextCount,
      double norm,
      double rate)
      throws IOException {
    step++;
    steps++;
    this.tokens += tokens;
    this.sentiment += sentiment;
    this.labelled += labelled;
    this.next += next;
    this.nextCount += nextCount;
    this.norm += norm;
    largestNorm = Math.max(largestNorm, norm);
    this.rate = rate;
    if (steps == STEPS_A_LINE) {
      write(stage, epoch);
    }
  }

  private void write(String stage, int epoch) throws IOException {
    ObjectNode line = line(stage, epoch);
    if (labelled > 0) {
      line.put("sentimentLoss", sentiment / labelled);
    }
    if (nextCount > 0) {
      line.put("nextTokenLoss", next / nextCount);
      line.put("perplexity", Math.exp(next / nextCount));
    }
    long now = System.nanoTime();
    line.put("gradientNorm", norm / steps)
        .put("largestGradientNorm", largestNorm)
        .put("learningRate", rate)
        .put("tokensPerSecond", Math.round((tokens - tokensBefore) * 1e9 / (now - lineStart)));
    append(line);
    lineStart = now;
    tokensBefore = 0;
    steps = 0;
    tokens = 0;
    sentiment = 0;
    labelled = 0;
    next = 0;
    nextCount = 0;
    norm = 0;
    largestNorm = 0;
  }

  /** Ends an epoch: writes the unfinished line, then one with the scores of the dev sources. */
  void epoch(String stage, int epoch, List<Evaluation.Result> results, boolean best)
      throws IOException {
    if (steps > 0) {
      write(stage, epoch);
    }
    ObjectNode line = line(stage, epoch);
    line.put("best", best);
    ObjectNode dev = line.putObject("dev");
    for (Evaluation.Result result : results) {
      ObjectNode source = dev.putObject(result.name());
      if (!result.byBits()) {
        source.put("metric", result.metric()).put("score", result.score());
      }
      if (Double.isFinite(result.bitsPerToken())) {
        source.put("bitsPerToken", result.bitsPerToken());
        source.put("perplexity", Math.pow(2, result.bitsPerToken()));
      }
    }
    append(line);
    lineStart = System.nanoTime(); // time spent on scoring does not count
  }

  private ObjectNode line(String stage, int epoch) {
    return JSON.createObjectNode().put("step", step).put("stage", stage).put("epoch", epoch);
  }

  private void append(ObjectNode line) throws IOException {
    Files.write(
        file,
        (line + "\n").getBytes(StandardCharsets.UTF_8),
        StandardOpenOption.CREATE,
        StandardOpenOption.APPEND);
  }

  /** Draws as {@link #draw} does, unless that was less than ten seconds ago. */
  void redraw(Pictures pictures) throws IOException {
    if (System.nanoTime() - drawn > REDRAW_NANOS) {
      draw(pictures);
    }
  }

  /** Draws the pictures from the file. */
  void draw(Pictures pictures) throws IOException {
    drawn = System.nanoTime();
    List<JsonNode> lines = lines();
    List<JsonNode> epochs = lines.stream().filter(line -> line.has("dev")).toList();
    Set<String> sources = new LinkedHashSet<>();
    epochs.forEach(line -> line.get("dev").fieldNames().forEachRemaining(sources::add));

    LineChart loss = new LineChart("Loss", "step", "cross-entropy, nats");
    line(loss, "sentiment", lines, Curves::stepOf, line -> number(line, "sentimentLoss"));
    line(loss, "next token", lines, Curves::stepOf, line -> number(line, "nextTokenLoss"));
    pictures.draw(run.resolve("loss.png"), loss);

    LineChart perplexity = new LineChart("Perplexity", "step", "perplexity").logarithmic();
    line(perplexity, "train", lines, Curves::stepOf, line -> number(line, "perplexity"));
    LineChart score = new LineChart("Dev scores", "epoch", "score, %");
    for (String source : sources) {
      line(
          perplexity,
          "dev " + source,
          epochs,
          Curves::stepOf,
          line -> number(line.at("/dev").path(source), "perplexity"));
      line(
          score,
          source + ", " + epochs.get(0).at("/dev").path(source).path("metric").asText(),
          epochs,
          line -> epochs.indexOf(line) + 1,
          line -> 100 * number(line.at("/dev").path(source), "score"));
    }
    pictures.draw(run.resolve("perplexity.png"), perplexity);
    pictures.draw(run.resolve("accuracy.png"), score);

    LineChart norm =
        new LineChart("Gradient norm before clipping", "step", "global norm").logarithmic();
    line(norm, "mean", lines, Curves::stepOf, line -> number(line, "gradientNorm"));
    line(norm, "largest", lines, Curves::stepOf, line -> number(line, "largestGradientNorm"));
    pictures.draw(run.resolve("gradient-norm.png"), norm);
  }

  private List<JsonNode> lines() throws IOException {
    List<JsonNode> lines = new ArrayList<>();
    if (Files.exists(file)) {
      int row = 0;
      for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
        row++;
        try {
          lines.add(JSON.readTree(line));
        } catch (JsonProcessingException e) {
          throw new IOException(
              file + " line " + row + " must be JSON, found " + e.getOriginalMessage(), e);
        }
      }
    }
    return lines;
  }

  private static double stepOf(JsonNode line) {
    return line.path("step").asDouble();
  }

  private static double number(JsonNode line, String name) {
    return line.path(name).asDouble(Double.NaN);
  }

  /** Adds a line through the rows that have a value for y. */
  private static void line(
      LineChart chart,
      String name,
      List<JsonNode> rows,
      ToDoubleFunction<JsonNode> x,
      ToDoubleFunction<JsonNode> y) {
    List<JsonNode> kept = rows.stream().filter(row -> !Double.isNaN(y.applyAsDouble(row))).toList();
    chart.line(
        name, kept.stream().mapToDouble(x).toArray(), kept.stream().mapToDouble(y).toArray());
  }
}
