package io.undercurrent.cli;

import io.undercurrent.chart.HeatMap;
import io.undercurrent.chart.LineChart;
import io.undercurrent.chart.Pictures;
import io.undercurrent.model.Labels;
import io.undercurrent.train.Calibration;
import io.undercurrent.train.Evaluation;
import io.undercurrent.train.Evaluation.Result;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Draws pictures of an evaluation: {@code confusion-SET.png} for each labelled set of at most
 * {@value EvaluationTables#MAX_COLUMNS} classes, {@code reliability.png} and {@code share-read.png}
 * for all sets. A set of which only the order of its records is scored has no pictures.
 */
final class EvaluationPictures {

  private final String model;
  private final List<Result> results;

  EvaluationPictures(String model, Evaluation.Report report) {
    this.model = model;
    results = report.results().stream().filter(r -> !r.byBits() && !r.byOrder()).toList();
  }

  void draw(Path folder, Pictures pictures) throws IOException {
    if (results.isEmpty()) {
      return;
    }
    for (Result result : results) {
      if (result.model().classes().length > EvaluationTables.MAX_COLUMNS) {
        continue; // evaluation.json has the matrix
      }
      String file = "confusion-" + result.name().replaceAll("[^A-Za-z0-9._-]", "_") + ".png";
      pictures.draw(folder.resolve(file), confusion(result));
    }
    pictures.draw(folder.resolve("reliability.png"), reliability());
    pictures.draw(folder.resolve("share-read.png"), shareRead());
  }

  private HeatMap confusion(Result result) {
    int[] classes = result.model().classes();
    Labels all = result.model().labels();
    List<String> labels = Arrays.stream(classes).mapToObj(all::name).toList();
    long[][] counts = new long[classes.length][classes.length];
    for (int i = 0; i < classes.length; i++) {
      for (int j = 0; j < classes.length; j++) {
        counts[i][j] = result.model().count(classes[i], classes[j]);
      }
    }
    return new HeatMap(model + " on " + result.name(), labels, counts);
  }

  /** Accuracy by predicted probability. Below the diagonal the model is too confident. */
  private LineChart reliability() {
    LineChart chart =
        new LineChart(
            model + ": how often it is right, by how sure it is",
            "probability of the predicted class, %",
            "accuracy, %");
    for (Result result : results) {
      List<Calibration.Bin> bins =
          result.calibration().bins().stream().filter(bin -> bin.records() > 0).toList();
      chart.line(
          String.format("%s (ECE %.1f %%)", result.name(), 100 * result.calibration().ece()),
          bins.stream().mapToDouble(bin -> 100 * bin.confidence()).toArray(),
          bins.stream().mapToDouble(bin -> 100 * bin.accuracy()).toArray());
    }
    double[] ends = {100.0 / results.get(0).model().labels().size(), 100};
    return chart.reference("perfect", ends, ends).between(0, 100);
  }

  private LineChart shareRead() {
    LineChart chart =
        new LineChart(
            model + ": accuracy before a record is read to its end",
            "tokens of the record read, %",
            "accuracy, %");
    double[] shares =
        IntStream.rangeClosed(1, Evaluation.SHARES)
            .mapToDouble(share -> 100.0 * share / Evaluation.SHARES)
            .toArray();
    for (Result result : results) {
      double[] accuracy =
          Arrays.stream(result.accuracyByShare()).map(share -> 100 * share).toArray();
      chart.line(result.name(), shares, accuracy);
    }
    return chart;
  }
}
