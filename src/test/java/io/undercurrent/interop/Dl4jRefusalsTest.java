package io.undercurrent.interop;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.dataset.api.preprocessor.NormalizerStandardize;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Networks that we cannot compute exactly are refused, in one line that says what is wrong and
 * where.
 */
class Dl4jRefusalsTest {

  private static final int V = 6;
  private static final int H = 4;

  /** The values of an LSTM (6, 4) and an output layer (4, 6). */
  private static final int VALUES = 4 * H * (V + H + 1) + V * (H + 1);

  // Offsets of longs in coefficients.bin.
  private static final int SHAPE_LENGTH = 0x12;
  private static final int STRIDE = 0x30;
  private static final int OPTIONS = 0x38;
  private static final int VALUES_LENGTH = 0x62;

  @TempDir private Path folder;

  @Test
  @SuppressWarnings("deprecation")
  void shouldRefuseOtherLayers() throws IOException {
    refuse(
        "layer 0 (GravesLSTM): must be an LSTM or SimpleRnn or EmbeddingSequenceLayer, found"
            + " org.deeplearning4j.nn.conf.layers.GravesLSTM",
        new org.deeplearning4j.nn.conf.layers.GravesLSTM.Builder()
            .nIn(V)
            .nOut(H)
            .activation(Activation.TANH)
            .build(),
        Dl4jFiles.output(H, V));
    refuse(
        "layer 0 (Bidirectional): must be an LSTM or SimpleRnn or EmbeddingSequenceLayer",
        new Bidirectional(Bidirectional.Mode.ADD, Dl4jFiles.lstm(V, H)),
        Dl4jFiles.output(H, V));
    refuse(
        "layer 1 (LastTimeStep): must be an LSTM or SimpleRnn, found",
        Dl4jFiles.lstm(V, H),
        new LastTimeStep(Dl4jFiles.lstm(H, H)),
        Dl4jFiles.output(H, V));
    refuse(
        "layer 1 (DenseLayer): must be an LSTM or SimpleRnn, found",
        Dl4jFiles.lstm(V, H),
        new DenseLayer.Builder().nIn(H).nOut(H).build(),
        Dl4jFiles.output(H, V));
    refuse(
        "layer 1 (EmbeddingSequenceLayer): must be an LSTM or SimpleRnn, found",
        Dl4jFiles.lstm(V, H),
        Dl4jFiles.embedding(H, H, false),
        Dl4jFiles.output(H, V));
    refuse(
        "layer 1 (RnnLossLayer): must be an RnnOutputLayer, because it is the last layer, found",
        Dl4jFiles.lstm(V, V),
        new RnnLossLayer.Builder(LossFunction.MCXENT).activation(Activation.SOFTMAX).build());
    refuse(
        "configuration.json: must have an LSTM or SimpleRnn, found none",
        Dl4jFiles.embedding(V, V, false),
        Dl4jFiles.output(V, V));
    refuse(
        "layer 1 (SimpleRnn): must be LSTM as the layer below, found SimpleRnn",
        Dl4jFiles.lstm(V, H),
        Dl4jFiles.simpleRnn(H, H),
        Dl4jFiles.output(H, V));
  }

  @Test
  void shouldRefuseOtherActivations() throws IOException {
    refuse(
        "layer 0 (LSTM): must have activationFn ActivationTanH, found ActivationSigmoid",
        new LSTM.Builder().nIn(V).nOut(H).activation(Activation.SIGMOID).build(),
        Dl4jFiles.output(H, V));
    refuse(
        "layer 0 (LSTM): must have gateActivationFn ActivationSigmoid, found ActivationHardSigmoid",
        new LSTM.Builder()
            .nIn(V)
            .nOut(H)
            .activation(Activation.TANH)
            .gateActivationFunction(Activation.HARDSIGMOID)
            .build(),
        Dl4jFiles.output(H, V));
    refuse(
        "layer 0 (SimpleRnn): must have activationFn ActivationTanH, found ActivationReLU",
        new SimpleRnn.Builder().nIn(V).nOut(H).activation(Activation.RELU).build(),
        Dl4jFiles.output(H, V));
    refuse(
        "layer 0 (SimpleRnn): must have no layer normalisation, found it",
        new SimpleRnn.Builder()
            .nIn(V)
            .nOut(H)
            .activation(Activation.TANH)
            .hasLayerNorm(true)
            .build(),
        Dl4jFiles.output(H, V));
    refuse(
        "layer 1 (RnnOutputLayer): must have activationFn ActivationSoftmax, found ActivationSigmoid",
        Dl4jFiles.lstm(V, H),
        new RnnOutputLayer.Builder(LossFunction.XENT)
            .nIn(H)
            .nOut(V)
            .activation(Activation.SIGMOID)
            .build());
  }

  @Test
  void shouldRefuseSizesThatDoNotFit() throws IOException {
    refuse(
        "layer 1 (LSTM): must have nOut 4 as below, found 5",
        Dl4jFiles.lstm(V, H),
        Dl4jFiles.lstm(H, 5),
        Dl4jFiles.output(5, V));
    refuse(
        "layer 1 (RnnOutputLayer): must have nOut 6, the vocabulary's size, to be the next_token head,"
            + " found 3",
        Dl4jFiles.lstm(V, H),
        Dl4jFiles.output(H, 3));
    Path zip = Dl4jFiles.write(network(), folder.resolve("net.zip"));
    refused(
        () -> Dl4jNetwork.read(zip, "net", Head.SENTIMENT),
        "layer 1 (RnnOutputLayer): must have nOut 3 for negative, neutral and positive, found 6");
    refuseConfiguration(
        json -> json.replaceFirst("\"nin\" : 4", "\"nin\" : 5"),
        "layer 1 (RnnOutputLayer): must have nIn 4, nOut below, found 5");
    refuseConfiguration(
        json -> json.replaceFirst("\"nin\" : 6", "\"nin\" : 7"),
        "layer 1 (RnnOutputLayer): must have nOut 7, the vocabulary's size");
    refuseConfiguration(
        json -> json.replaceFirst("\"nin\" : 6", "\"nin\" : -6"),
        "layer 0 (LSTM): must have nin from 1 to 1048576, found -6");
    refuseConfiguration(
        json -> json.replaceFirst("\"nin\" : 6", "\"nin\" : 6.5"),
        "layer 0 (LSTM): must have nin from 1 to 1048576, found 6.5");
  }

  @Test
  void shouldRefuseHugeSizesWithoutAllocatingThem() throws IOException {
    refuseConfiguration(
        json ->
            json.replace("\"nin\" : 6", "\"nin\" : 1048576")
                .replace("\"nout\" : 6", "\"nout\" : 1048576")
                .replace("\"nout\" : 4", "\"nout\" : 8192")
                .replace("\"nin\" : 4", "\"nin\" : 8192"),
        "as a checkpoint, embedding_size must be 1 to 8192, found 32768");
    refuseConfiguration(
        json ->
            json.replace("\"nin\" : 6", "\"nin\" : 1048576")
                .replace("\"nout\" : 6", "\"nout\" : 1048576")
                .replace("\"nout\" : 4", "\"nout\" : 2048")
                .replace("\"nin\" : 4", "\"nin\" : 2048"),
        "must have at most 536870911 parameters, found");
    // the file claims 400 million values and has 210: no array of 1.6 GB is allocated
    refuseConfiguration(
        json ->
            json.replace("\"nin\" : 6", "\"nin\" : 80000")
                .replace("\"nout\" : 6", "\"nout\" : 80000")
                .replace("\"nout\" : 4", "\"nout\" : 1000")
                .replace("\"nin\" : 4", "\"nin\" : 1000"),
        "coefficients.bin: must have the 404084000 values of the configuration, found " + VALUES);
    byte[] bomb = new byte[1 << 20];
    refuseEntry(
        "coefficients.bin",
        bytes -> bomb,
        "coefficients.bin must have at most " + (65_545 + 8 * VALUES) + " bytes, found more");
    refuseEntry(
        "coefficients.bin",
        bytes -> changed(bytes, VALUES_LENGTH, Long.MAX_VALUE),
        "coefficients.bin: must have the "
            + VALUES
            + " values of the configuration, found 9223372036854775807");
    refuseEntry(
        "coefficients.bin",
        bytes -> changed(bytes, SHAPE_LENGTH, Long.MAX_VALUE),
        "coefficients.bin: must have 6 or 8 numbers of shape, found 9223372036854775807");
  }

  @Test
  void shouldRefuseWeightsThatAreNotNumbers() throws IOException {
    for (float bad : new float[] {Float.NaN, Float.NEGATIVE_INFINITY}) {
      MultiLayerNetwork network = network();
      network.params().putScalar(17, bad);
      Path zip = Dl4jFiles.write(network, folder.resolve("net.zip"));
      refused(
          () -> Dl4jNetwork.read(zip, "net", Head.NEXT_TOKEN),
          "net.zip: coefficients.bin: value 17 must be a finite float, found " + bad);
    }
  }

  @Test
  void shouldRefuseSettingsThatChangeTheInput() throws IOException {
    Path zip = Dl4jFiles.write(network(), folder.resolve("net.zip"));
    ModelSerializer.addNormalizerToModel(
        zip.toFile(), new NormalizerStandardize(Nd4j.zeros(1, V), Nd4j.ones(1, V)));
    refused(
        () -> Dl4jNetwork.read(zip, "net", Head.NEXT_TOKEN),
        "normalizer.bin: must be absent, because inputs are tokens and cannot be normalised, found one");
    refuseConfiguration(
        json ->
            json.replace(
                "\"inputPreProcessors\" : { }",
                "\"inputPreProcessors\" : { \"1\" : { \"@class\" :"
                    + " \"org.deeplearning4j.nn.conf.preprocessor.RnnToFeedForwardPreProcessor\" } }"),
        "layer 1: must have no InputPreProcessor, found RnnToFeedForwardPreProcessor");
    refuseConfiguration(
        json -> json.replaceFirst("\"layerName\"", "\"scaledBy\" : 2, \"layerName\""),
        "layer 0 (LSTM): must have the keys that DL4J 1.0.0-M2.1 writes, found scaledBy");
  }

  @Test
  void shouldRefuseComputationGraphs() throws IOException {
    ComputationGraphConfiguration configuration =
        new NeuralNetConfiguration.Builder()
            .graphBuilder()
            .addInputs("in")
            .addLayer("lstm", (LSTM) Dl4jFiles.lstm(V, H), "in")
            .addLayer("out", Dl4jFiles.output(H, V), "lstm")
            .setOutputs("out")
            .build();
    ComputationGraph graph = new ComputationGraph(configuration);
    graph.init();
    Path zip = folder.resolve("graph.zip");
    ModelSerializer.writeModel(graph, zip.toFile(), false);
    refused(
        () -> Dl4jNetwork.read(zip, "net", Head.NEXT_TOKEN),
        "configuration.json: must be of a MultiLayerNetwork, found that of a ComputationGraph");
  }

  @Test
  void shouldRefuseDamagedFiles() throws IOException {
    Path zip = Dl4jFiles.write(network(), folder.resolve("net.zip"));
    byte[] whole = Files.readAllBytes(zip);
    Files.write(zip, Arrays.copyOf(whole, whole.length - 40));
    refused(
        () -> Dl4jNetwork.read(zip, "net", Head.NEXT_TOKEN),
        "net.zip: must be a whole zip file, found: ");
    Files.writeString(zip, "no zip");
    refused(
        () -> Dl4jNetwork.read(zip, "net", Head.NEXT_TOKEN),
        "net.zip: must be a whole zip file, found: ");
    byte[] damaged = whole.clone();
    Arrays.fill(damaged, 60, 120, (byte) 0xff); // within the first entry's deflated bytes
    Files.write(zip, damaged);
    refused(
        () -> Dl4jNetwork.read(zip, "net", Head.NEXT_TOKEN),
        "net.zip: configuration.json must be whole, found: ");
    Dl4jFiles.zip(zip, Map.of("weights.txt", new byte[3]));
    refused(
        () -> Dl4jNetwork.read(zip, "net", Head.NEXT_TOKEN),
        "net.zip: must have an entry configuration.json, found [weights.txt]");
  }

  @Test
  void shouldRefuseInvalidEntries() throws IOException {
    refuseConfiguration(
        json -> json.substring(0, 400), "configuration.json: must be JSON, found: ");
    refuseConfiguration(json -> "[]", "configuration.json: must be a JSON object, found ARRAY");
    refuseConfiguration(
        json -> "{}", "configuration.json: must have a list confs of layers, found ");
    refuseConfiguration(
        json -> json.replaceFirst("\"@class\"", "\"class\""),
        "layer 0 (no @class): must be an LSTM or SimpleRnn or EmbeddingSequenceLayer");
    refuseEntry(
        "coefficients.bin",
        bytes -> Arrays.copyOf(bytes, bytes.length - 4),
        "coefficients.bin: must have "
            + 4 * VALUES
            + " bytes of values, found "
            + 4 * (VALUES - 1));
    refuseEntry(
        "coefficients.bin",
        bytes -> Arrays.copyOf(bytes, 40),
        "coefficients.bin: must be whole, found: ");
    refuseEntry(
        "coefficients.bin",
        bytes -> "twelve bytes and more of text".getBytes(StandardCharsets.US_ASCII),
        "coefficients.bin: must be whole, found: ");
    refuseEntry(
        "coefficients.bin",
        bytes -> changed(bytes, STRIDE, 3),
        "coefficients.bin: must have the shape of a vector of "
            + VALUES
            + " FLOAT, found [1, "
            + VALUES
            + ", 3, 8192, 1, 99]");
    refuseEntry(
        "coefficients.bin",
        bytes -> changed(bytes, OPTIONS, 16_384), // double
        "coefficients.bin: must have the shape of a vector of "
            + VALUES
            + " FLOAT, found [1, "
            + VALUES
            + ", 1, 16384, 1, 99]");
  }

  private static MultiLayerNetwork network() {
    return Dl4jFiles.network(H, Dl4jFiles.lstm(V, H), Dl4jFiles.output(H, V));
  }

  private static byte[] changed(byte[] bytes, int at, long value) {
    return ByteBuffer.wrap(bytes.clone()).putLong(at, value).array();
  }

  private void refuse(String message, Layer... layers) throws IOException {
    Path zip = Dl4jFiles.write(Dl4jFiles.network(H, layers), folder.resolve("net.zip"));
    refused(() -> Dl4jNetwork.read(zip, "net", Head.NEXT_TOKEN), message);
  }

  private void refuseConfiguration(UnaryOperator<String> change, String message)
      throws IOException {
    refuseEntry(
        "configuration.json",
        bytes ->
            change
                .apply(new String(bytes, StandardCharsets.UTF_8))
                .getBytes(StandardCharsets.UTF_8),
        message);
  }

  private void refuseEntry(String name, UnaryOperator<byte[]> change, String message)
      throws IOException {
    Path zip = Dl4jFiles.write(network(), folder.resolve("net.zip"));
    Map<String, byte[]> entries = Dl4jFiles.entries(zip);
    entries.computeIfPresent(name, (key, bytes) -> change.apply(bytes));
    Dl4jFiles.zip(zip, entries);
    refused(() -> Dl4jNetwork.read(zip, "net", Head.NEXT_TOKEN), message);
  }

  private static void refused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable read, String message) {
    assertThatThrownBy(read)
        .isInstanceOf(ImportException.class)
        .hasMessageContaining(message)
        .message()
        .doesNotContain("\n");
  }
}
