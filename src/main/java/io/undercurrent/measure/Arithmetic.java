package io.undercurrent.measure;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.kernel.ProductScratch;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.text.Encoding;
import java.util.Arrays;
import java.util.List;

/**
 * A lower limit of a record's cost: its multiplications divided by the rate at which this machine
 * multiplies.
 *
 * <p>It counts, for each token and for the end of the record, the products of the layers and of the
 * frequent part of the next-token head. The first layer's input product is not counted, because it
 * is a table lookup. A rare part of the next-token head counts for each token that is in it. The
 * sentiment head counts once. Gates, softmax, the search for the likeliest tokens, and Kafka are
 * not counted, so real code is always slower.
 */
final class Arithmetic {

  private static final int ROWS = 64;
  private static final long MEASURE_NANOS = 1_000_000_000L;

  private final ModelConfig config;

  Arithmetic(ModelConfig config) {
    this.config = config;
  }

  /** The number of multiplications of one record with these tokens. */
  long multiplications(int[] tokens) {
    long hidden = config.hiddenSize();
    long step = 0;
    for (int l = 0; l < config.numLayers(); l++) {
      long in = (l == 0 ? 0 : config.inputSize(l)) + (config.kind().multipliesH() ? hidden : 0);
      step += in * config.gateRows(l);
    }
    long features = config.projected() ? config.embeddingSize() : hidden;
    long head = features * config.headSize() + (config.projected() ? hidden * features : 0);
    long all = (tokens.length + 1) * (step + head);
    for (int token : tokens) {
      for (int c = 0; c < config.nextToken().clusters(); c++) {
        if (token >= config.clusterStart(c) && token < config.clusterStart(c + 1)) {
          long size = config.clusterStart(c + 1) - config.clusterStart(c);
          all += config.clusterSize(c) * (hidden + size);
        }
      }
    }
    return all + (long) config.classes() * config.sentimentSize();
  }

  /**
   * The mean time of a text's multiplications, in microseconds, at {@code rate} multiplications a
   * second.
   */
  static double micros(Model model, List<String> texts, int maxTokens, double rate) {
    Arithmetic arithmetic = new Arithmetic(model.config());
    return texts.stream()
            .map(text -> model.tokenizer().encode(text, maxTokens))
            .map(Encoding::ids)
            .mapToLong(arithmetic::multiplications)
            .average()
            .orElseThrow()
        / rate
        * 1e6;
  }

  /**
   * Measures multiplications a second (each with its addition) on one thread. It repeats the
   * recurrent product of 64 rows, with everything in the CPU's cache, for two seconds.
   */
  static double rate(ModelConfig config) {
    int k = config.hiddenSize();
    int n = config.gateRows(0);
    PackedMatrix matrix = Kernels.best().matrix(k, n);
    float[] weights = new float[k * n];
    Arrays.fill(weights, 0.01f);
    matrix.pack(weights, 0, n, 1);
    float[] a = new float[ROWS * k];
    Arrays.fill(a, 0.5f);
    float[] c = new float[ROWS * n];
    ProductScratch scratch = new ProductScratch();
    double best = 0;
    long begin = System.nanoTime();
    while (System.nanoTime() - begin < 2 * MEASURE_NANOS) {
      long from = System.nanoTime();
      int times = 50;
      for (int i = 0; i < times; i++) {
        matrix.multiply(ROWS, a, c, scratch);
      }
      best = Math.max(best, (double) times * ROWS * k * n / (System.nanoTime() - from) * 1e9);
    }
    return best;
  }
}
