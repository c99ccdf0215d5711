package io.undercurrent.bench;

import io.undercurrent.model.Parameters;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.EmbeddingSequenceLayer;
import org.deeplearning4j.nn.conf.layers.LSTM;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Steps by DL4J's {@code rnnTimeStep}: an embedding and LSTMs, whose states the network keeps. */
final class Dl4jStep implements StepSubject {

  private final StepCase one;
  private final MultiLayerNetwork network;

  Dl4jStep(StepCase one) {
    this.one = one;
    NeuralNetConfiguration.ListBuilder layers =
        new NeuralNetConfiguration.Builder()
            .list()
            .layer(
                new EmbeddingSequenceLayer.Builder()
                    .nIn(StepCase.VOCABULARY)
                    .nOut(StepCase.EMBEDDING)
                    .inputLength(1)
                    .hasBias(false)
                    .activation(Activation.IDENTITY)
                    .build());
    for (int l = 0; l < one.layers(); l++) {
      layers.layer(
          new LSTM.Builder()
              .nIn(l == 0 ? StepCase.EMBEDDING : one.hidden())
              .nOut(one.hidden())
              .activation(Activation.TANH)
              .gateActivationFunction(Activation.SIGMOID)
              .build());
    }
    network = new MultiLayerNetwork(layers.build());
    network.init();
    Parameters p = one.parameters();
    set("0_W", p.copy("embedding.weight"));
    for (int l = 0; l < one.layers(); l++) {
      int in = l == 0 ? StepCase.EMBEDDING : one.hidden();
      set(l + 1 + "_W", StepSubjects.transposed(gates(p.copy("rnn.weight_ih_l" + l)), in));
      set(
          l + 1 + "_RW",
          StepSubjects.transposed(gates(p.copy("rnn.weight_hh_l" + l)), one.hidden()));
      set(l + 1 + "_b", gates(StepSubjects.bias(p, l)));
    }
  }

  /** Gates in DL4J's order g, f, o, i. */
  private static float[] gates(float[] weight) {
    return StepSubjects.reordered(weight, 2, 1, 3, 0);
  }

  private void set(String name, float[] values) {
    INDArray to = network.getParam(name);
    to.assign(Nd4j.create(values, to.shape(), 'c'));
  }

  @Override
  public String name() {
    return "dl4j";
  }

  @Override
  public void step(int[] tokens) {
    float[] ids = new float[tokens.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = tokens[i];
    }
    network.rnnTimeStep(Nd4j.create(ids, new long[] {ids.length, 1}, 'c'));
  }

  @Override
  public float[] state() {
    float[][] h = new float[one.layers()][];
    float[][] c = new float[one.layers()][];
    for (int l = 0; l < one.layers(); l++) {
      var state = network.rnnGetPreviousState(l + 1);
      h[l] = state.get("prevAct").dup('c').data().asFloat();
      c[l] = state.get("prevMem").dup('c').data().asFloat();
    }
    float[] all = new float[2 * one.layers() * one.batch() * one.hidden()];
    StepSubjects.flatten(h, c, all);
    return all;
  }

  @Override
  public void close() {
    network.close();
  }
}
