package io.undercurrent.train;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import io.undercurrent.model.TinyModel;
import io.undercurrent.text.WordTokenizer;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A network, its weights and ten batches, all from a seed: what PyTorch and this project compute
 * the same {@link #results} from.
 *
 * @param embedding E
 * @param hidden H
 * @param rows B
 * @param steps T
 */
public record ParityCase(
    CellType kind, int layers, int embedding, int hidden, int rows, int steps, String size) {

  static final int BATCHES = 10;
  static final float SENTIMENT_SCALE = 0.3f;
  static final float NEXT_SCALE = 0.02f;
  static final float RATE = 0.01f;
  static final float SGD_RATE = 0.1f;

  /** Norms are 0.3 to 10: some gradients are clipped and some are not. */
  static final float CLIP_GRAD_NORM = 1.7f;

  /** Sizes that no vector width divides; {@code small} is kept as golden vectors. */
  public static List<ParityCase> all() {
    List<ParityCase> all = new ArrayList<>();
    for (CellType kind : new CellType[] {CellType.RNN, CellType.LSTM, CellType.GRU}) {
      for (int layers : new int[] {1, 3}) {
        all.add(new ParityCase(kind, layers, 7, 11, 3, 5, "small"));
        all.add(new ParityCase(kind, layers, 13, 37, 5, 11, "medium"));
      }
    }
    return all;
  }

  /** The cases whose results by PyTorch are kept beside the tests. */
  public static List<ParityCase> golden() {
    return all().stream().filter(one -> one.size.equals("small")).toList();
  }

  public ModelConfig config() {
    return new ModelConfig(
        "parity",
        kind,
        WordTokenizer.of(TinyModel.WORDS).size(),
        embedding,
        hidden,
        layers,
        1,
        Pooling.CONCAT,
        NextToken.FULL);
  }

  /** Weights at the start, uniform in +-0.3 or so: wide enough that gates open and close. */
  public Parameters parameters() {
    Parameters parameters = new Parameters(config().tensors());
    SplittableRandom random = new SplittableRandom(layers * 31L + kind.ordinal());
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = (float) (0.6 * random.nextDouble() - 0.3);
    }
    return parameters;
  }

  /** Two records in every row of a batch; the state is zero before the first batch only. */
  Chunk[] batches() {
    SplittableRandom random = new SplittableRandom(17);
    Chunk[] batches = new Chunk[BATCHES];
    for (int i = 0; i < BATCHES; i++) {
      Chunk chunk = new Chunk(steps, rows);
      for (int b = 0; b < rows; b++) {
        int second = 1 + random.nextInt(steps - 2);
        for (int t = 0; t < steps; t++) {
          int r = t * rows + b;
          chunk.token[r] = random.nextInt(config().vocabSize());
          chunk.target[r] = random.nextInt(config().vocabSize());
          chunk.reset[r] = i == 0 && t == 0;
          chunk.start[r] = t == 0 || t == second;
          boolean end = t == second - 1 || t == steps - 1;
          chunk.label[r] = end ? (byte) (random.nextInt(4) - 1) : Chunk.NO_END;
          chunk.weight[r] = 0.5f + random.nextInt(3);
        }
      }
      batches[i] = chunk;
    }
    return batches;
  }

  /** What row b of the first batch reads at step t. */
  public int token(int t, int b) {
    return batches()[0].token[t * rows + b];
  }

  /** Names and shapes of what is compared. */
  List<Tensor> results() {
    List<Tensor> all = new ArrayList<>();
    all.add(new Tensor("output", steps, rows, hidden));
    all.add(new Tensor("h_n", layers, rows, hidden));
    if (kind.cell().hasCellState()) {
      all.add(new Tensor("c_n", layers, rows, hidden));
    }
    all.add(new Tensor("loss", 2));
    for (Tensor tensor : config().tensors()) {
      all.add(new Tensor("gradient." + tensor.name(), tensor.shape()));
    }
    all.add(new Tensor("adam", BATCHES));
    all.add(new Tensor("sgd", BATCHES));
    return all;
  }

  /**
   * The results by this project: {@code output} and the last states of the first batch as they are
   * served, the losses of the first two and the gradients of the second as they are trained, and
   * the losses of ten updates by each optimiser.
   */
  Parameters computed() {
    Parameters results = new Parameters(results());
    serve(results);
    Parameters parameters = parameters();
    Weights weights = new Weights(config(), parameters, Kernels.best(), 0);
    weights.pack(new SplittableRandom(1));
    Bptt bptt = bptt(weights);
    for (int i = 0; i < 2; i++) {
      results.values()[results.offset("loss") + i] = (float) loss(bptt, batches()[i]);
    }
    for (Tensor tensor : config().tensors()) {
      System.arraycopy(
          bptt.gradients().values(),
          bptt.gradients().offset(tensor.name()),
          results.values(),
          results.offset("gradient." + tensor.name()),
          tensor.size());
    }
    train(new Adam(config().tensors(), 0), RATE, results, results.offset("adam"));
    train(new Sgd(0), SGD_RATE, results, results.offset("sgd"));
    return results;
  }

  private void serve(Parameters results) {
    Network network = new Network(config(), parameters(), Kernels.best());
    Network.Scratch scratch = network.scratch();
    Chunk first = batches()[0];
    float[] to = results.values();
    for (int b = 0; b < rows; b++) {
      HiddenState state = HiddenState.zeros(config());
      for (int t = 0; t < steps; t++) {
        int r = t * rows + b;
        network.step(first.token[r], state, scratch);
        System.arraycopy(state.top(), 0, to, results.offset("output") + r * hidden, hidden);
      }
      for (int l = 0; l < layers; l++) {
        int at = (l * rows + b) * hidden;
        System.arraycopy(state.h()[l], 0, to, results.offset("h_n") + at, hidden);
        if (kind.cell().hasCellState()) {
          System.arraycopy(state.c()[l], 0, to, results.offset("c_n") + at, hidden);
        }
      }
    }
  }

  private void train(Optimizer optimizer, float rate, Parameters results, int at) {
    Parameters parameters = parameters();
    Weights weights = new Weights(config(), parameters, Kernels.best(), 0);
    Bptt bptt = bptt(weights);
    Chunk[] batches = batches();
    for (int i = 0; i < BATCHES; i++) {
      weights.pack(new SplittableRandom(1));
      results.values()[at + i] = (float) loss(bptt, batches[i]);
      float[] g = bptt.gradients().values();
      double squares = 0;
      for (float value : g) {
        squares += (double) value * value;
      }
      float scale = (float) Math.min(1, CLIP_GRAD_NORM / Math.sqrt(squares));
      optimizer.nextStep();
      optimizer.update(parameters.values(), g, scale, rate, 0, g.length);
    }
  }

  private Bptt bptt(Weights weights) {
    Dropout none = new Dropout(0, 0, 0, 0);
    return new Bptt(config(), weights, Kernels.best(), none, steps, rows);
  }

  private static double loss(Bptt bptt, Chunk batch) {
    bptt.run(batch, SENTIMENT_SCALE, NEXT_SCALE, 1, new SplittableRandom(1));
    return SENTIMENT_SCALE * bptt.sentimentLoss() + NEXT_SCALE * bptt.nextLoss();
  }

  /** The results by PyTorch 2.7.1, as {@code mvn -Pparity verify} found them. */
  public Parameters goldenResults() throws IOException, URISyntaxException {
    Parameters golden = new Parameters(results());
    String file = "/pytorch/" + fileName();
    Checkpoint.readTensors(Path.of(ParityCase.class.getResource(file).toURI()), golden);
    return golden;
  }

  String fileName() {
    return kind + "-" + layers + ".safetensors";
  }

  /**
   * How far a result may be from PyTorch's, as a share of the largest value in its tensor. Both
   * compute in floats: sums of some dozen products in different orders, and exponentials good to
   * 1e-7; ten updates carry that on. On AVX-512 the largest share seen was 1e-6.
   */
  static double tolerance(String result) {
    return switch (result) {
      case "output", "h_n", "c_n", "loss" -> 2e-6;
      default -> 5e-6;
    };
  }

  @Override
  public String toString() {
    return kind + ", " + layers + (layers == 1 ? " layer, " : " layers, ") + size;
  }
}
