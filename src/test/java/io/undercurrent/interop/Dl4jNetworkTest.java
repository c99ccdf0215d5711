package io.undercurrent.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.Network;
import io.undercurrent.model.NextTokenHead;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;

/** Imported networks compute what DL4J's {@code rnnTimeStep} computes, step by step. */
class Dl4jNetworkTest {

  /** The tolerance: sums of some hundred float products differ by this much in another order. */
  private static final float TOLERANCE = 1e-6f;

  private static final int V = 257;
  private static final int[] TOKENS = {0, 105, 33, 33, 256, 1, 98, 112, 33, 102, 102, 200};

  @TempDir private Path folder;

  /**
   * A network of DL4J without its output layer.
   *
   * @param embedded whether it reads token ids instead of one-hot vectors
   */
  private record Body(String name, boolean embedded, int hidden, List<Layer> layers) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Body> bodies() {
    return List.of(
        body("LSTM, V below 4H", false, 80, Dl4jFiles.lstm(V, 80)),
        body("LSTM, V above 4H", false, 16, Dl4jFiles.lstm(V, 16)),
        body("2 LSTMs", false, 24, Dl4jFiles.lstm(V, 24), Dl4jFiles.lstm(24, 24)),
        body(
            "embedding, LSTM", true, 20, Dl4jFiles.embedding(V, 12, false), Dl4jFiles.lstm(12, 20)),
        body(
            "embedding with bias, 2 SimpleRnns",
            true,
            20,
            Dl4jFiles.embedding(V, 12, true),
            Dl4jFiles.simpleRnn(12, 20),
            Dl4jFiles.simpleRnn(20, 20)),
        body("SimpleRnn, V above H", false, 32, Dl4jFiles.simpleRnn(V, 32)),
        body("SimpleRnn, V below H", false, 300, Dl4jFiles.simpleRnn(V, 300)),
        body("2 SimpleRnns", false, 24, Dl4jFiles.simpleRnn(V, 24), Dl4jFiles.simpleRnn(24, 24)));
  }

  private static Body body(String name, boolean embedded, int hidden, Layer... layers) {
    return new Body(name, embedded, hidden, List.of(layers));
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void shouldPredictNextTokensAsDl4jDoes(Body body) throws IOException {
    MultiLayerNetwork dl4j = network(body, V);
    Model model = imported(dl4j, Head.NEXT_TOKEN);

    Network network = model.network();
    HiddenState state = HiddenState.zeros(model.config());
    Network.Scratch scratch = network.scratch();
    NextTokenHead.Scratch expected = network.nextToken().scratch(1);
    float[] probabilities = new float[V];
    for (int token : TOKENS) {
      float[] theirs = step(dl4j, body, token);
      network.step(token, state, scratch);
      System.arraycopy(state.top(), 0, expected.h(), 0, state.top().length);
      network.nextToken().expect(1, expected);
      network.nextToken().probabilities(0, probabilities, expected);
      assertThat(probabilities).containsExactly(theirs, within(TOLERANCE));
    }
  }

  @ParameterizedTest
  @MethodSource("bodies")
  void shouldClassifySentimentAsDl4jDoes(Body body) throws IOException {
    MultiLayerNetwork dl4j = network(body, 3);
    Model model = imported(dl4j, Head.SENTIMENT);

    Network network = model.network();
    HiddenState state = HiddenState.zeros(model.config());
    Network.Scratch scratch = network.scratch();
    float[] logits = new float[3];
    for (int token : TOKENS) {
      float[] theirs = step(dl4j, body, token);
      network.step(token, state, scratch);
      network.sentimentLogits(state.top(), logits);
      assertThat(softmax(logits)).containsExactly(theirs, within(TOLERANCE));
    }
  }

  @Test
  void shouldReadATrainedNetwork() throws IOException {
    Body body = bodies().get(1);
    MultiLayerNetwork dl4j = network(body, V);
    INDArray sequence = Nd4j.zeros(1, V, TOKENS.length);
    for (int t = 0; t < TOKENS.length; t++) {
      sequence.putScalar(0, TOKENS[t], t, 1);
    }
    dl4j.fit(new DataSet(sequence, sequence));

    Model model = imported(dl4j, Head.NEXT_TOKEN);

    Network network = model.network();
    HiddenState state = HiddenState.zeros(model.config());
    network.step(TOKENS[0], state, network.scratch());
    NextTokenHead.Scratch expected = network.nextToken().scratch(1);
    System.arraycopy(state.top(), 0, expected.h(), 0, state.top().length);
    network.nextToken().expect(1, expected);
    float[] probabilities = new float[V];
    network.nextToken().probabilities(0, probabilities, expected);
    assertThat(probabilities).containsExactly(step(dl4j, body, TOKENS[0]), within(TOLERANCE));
  }

  @ParameterizedTest
  @CsvSource({"DOUBLE, 0", "HALF, 1e-3"}) // half precision keeps 3 digits of these weights
  void shouldReadWeightsOfOtherTypes(String type, float tolerance) throws IOException {
    MultiLayerNetwork dl4j = network(bodies().get(0), V);
    Path floats = Dl4jFiles.write(dl4j, folder.resolve("float.zip"));
    Path others =
        Dl4jFiles.write(dl4j.convertDataType(DataType.valueOf(type)), folder.resolve("other.zip"));

    assertThat(Dl4jNetwork.read(others, "net", Head.NEXT_TOKEN).parameters().values())
        .containsExactly(
            Dl4jNetwork.read(floats, "net", Head.NEXT_TOKEN).parameters().values(),
            within(tolerance));
  }

  private static MultiLayerNetwork network(Body body, int outputs) {
    Layer[] layers = body.layers.toArray(new Layer[body.layers.size() + 1]);
    layers[layers.length - 1] = Dl4jFiles.output(body.hidden, outputs);
    return Dl4jFiles.network(body.hidden, layers);
  }

  /** Imports as the command does: reads DL4J's file, writes a checkpoint and loads it. */
  private Model imported(MultiLayerNetwork dl4j, Head head) throws IOException {
    Path zip = Dl4jFiles.write(dl4j, folder.resolve("net.zip"));
    Path out = folder.resolve("checkpoint");
    ImportedVocabulary bytes = ImportedVocabulary.bytes(V);
    bytes.arrange(Dl4jNetwork.read(zip, "net", head)).write(out, bytes.tokenizer());
    return Checkpoint.load(out.toString());
  }

  /** Reads one more token and returns DL4J's outputs. */
  private static float[] step(MultiLayerNetwork dl4j, Body body, int token) {
    INDArray input =
        body.embedded
            ? Nd4j.createFromArray(new float[][] {{token}})
            : Nd4j.zeros(1, V).putScalar(0, token, 1);
    return dl4j.rnnTimeStep(input).dup('c').data().asFloat();
  }

  private static float[] softmax(float[] logits) {
    double sum = 0;
    for (float logit : logits) {
      sum += Math.exp(logit);
    }
    float[] probabilities = new float[logits.length];
    for (int k = 0; k < logits.length; k++) {
      probabilities[k] = (float) (Math.exp(logits[k]) / sum);
    }
    return probabilities;
  }
}
