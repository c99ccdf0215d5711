package io.undercurrent.interop;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.RnnOutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.SimpleRnn;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/** Makes networks with DL4J and writes their zip files. */
public final class Dl4jFiles {

  private Dl4jFiles() {}

  /**
   * Makes a network of these layers with random weights and biases.
   *
   * @param hidden units of a layer. The spectral radius of the recurrent weights is 1.2 for any
   *     number of units, so that states change without amplifying rounding errors
   */
  public static MultiLayerNetwork network(int hidden, Layer... layers) {
    NeuralNetConfiguration.ListBuilder list = new NeuralNetConfiguration.Builder().list();
    for (Layer layer : layers) {
      list.layer(layer);
    }
    MultiLayerNetwork network = new MultiLayerNetwork(list.build());
    network.init();
    float[] values = new float[(int) network.numParams()];
    Random random = new Random(7);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * 1.2 / Math.sqrt(hidden));
    }
    network.setParams(Nd4j.createFromArray(values));
    return network;
  }

  public static Layer embedding(int in, int out, boolean bias) {
    return new EmbeddingSequenceLayer.Builder().nIn(in).nOut(out).hasBias(bias).build();
  }

  public static Layer lstm(int in, int out) {
    return new LSTM.Builder().nIn(in).nOut(out).activation(Activation.TANH).build();
  }

  public static Layer simpleRnn(int in, int out) {
    return new SimpleRnn.Builder().nIn(in).nOut(out).activation(Activation.TANH).build();
  }

  public static Layer output(int in, int out) {
    return new RnnOutputLayer.Builder(LossFunction.MCXENT)
        .nIn(in)
        .nOut(out)
        .activation(Activation.SOFTMAX)
        .build();
  }

  /** Writes the network's zip file with DL4J, including the updater's state. */
  public static Path write(MultiLayerNetwork network, Path file) throws IOException {
    ModelSerializer.writeModel(network, new File(file.toString()), true);
    return file;
  }

  public static Map<String, byte[]> entries(Path zip) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    try (ZipFile file = new ZipFile(zip.toFile())) {
      for (ZipEntry entry : file.stream().toList()) {
        entries.put(entry.getName(), file.getInputStream(entry).readAllBytes());
      }
    }
    return entries;
  }

  public static Path zip(Path file, Map<String, byte[]> entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
      }
    }
    return Files.write(file, bytes.toByteArray());
  }
}
