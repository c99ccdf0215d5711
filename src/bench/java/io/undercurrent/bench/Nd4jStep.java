package io.undercurrent.bench;

import io.undercurrent.model.Parameters;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.AllocationPolicy;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.INDArrayIndex;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;

/** Steps by ND4J's array operations, one call each, in a workspace, as its guide advises. */
final class Nd4jStep implements StepSubject {

  private static final WorkspaceConfiguration WORKSPACE =
      WorkspaceConfiguration.builder()
          .initialSize(8 << 20)
          .policyAllocation(AllocationPolicy.STRICT)
          .policyLearning(LearningPolicy.FIRST_LOOP)
          .build();

  private final StepCase one;
  private final INDArray embedding; // (V, E)
  private final INDArray[] weightIh; // (I, 4*H)
  private final INDArray[] weightHh; // (H, 4*H)
  private final INDArray[] bias; // (1, 4*H)
  private final INDArray[] h; // (B, H)
  private final INDArray[] c; // (B, H)

  Nd4jStep(StepCase one) {
    this.one = one;
    Parameters p = one.parameters();
    embedding =
        Nd4j.create(
            p.copy("embedding.weight"), new long[] {StepCase.VOCABULARY, StepCase.EMBEDDING}, 'c');
    int layers = one.layers();
    weightIh = new INDArray[layers];
    weightHh = new INDArray[layers];
    bias = new INDArray[layers];
    h = new INDArray[layers];
    c = new INDArray[layers];
    for (int l = 0; l < layers; l++) {
      weightIh[l] =
          transposed(p, "rnn.weight_ih_l" + l, l == 0 ? StepCase.EMBEDDING : one.hidden());
      weightHh[l] = transposed(p, "rnn.weight_hh_l" + l, one.hidden());
      bias[l] = Nd4j.create(StepSubjects.bias(p, l), new long[] {1, 4L * one.hidden()}, 'c');
      h[l] = Nd4j.zeros(one.batch(), one.hidden());
      c[l] = Nd4j.zeros(one.batch(), one.hidden());
    }
  }

  private INDArray transposed(Parameters p, String name, int in) {
    float[] weight = StepSubjects.transposed(p.copy(name), in);
    return Nd4j.create(weight, new long[] {in, 4L * one.hidden()}, 'c');
  }

  @Override
  public String name() {
    return "nd4j-eager";
  }

  @Override
  @SuppressWarnings("try") // the workspace is used by being open
  public void step(int[] tokens) {
    try (MemoryWorkspace workspace =
        Nd4j.getWorkspaceManager().getAndActivateWorkspace(WORKSPACE, "STEP")) {
      INDArray x = Nd4j.pullRows(embedding, 1, tokens);
      for (int l = 0; l < h.length; l++) {
        INDArray z = x.mmul(weightIh[l]).addi(h[l].mmul(weightHh[l])).addiRowVector(bias[l]);
        INDArray i = Transforms.sigmoid(gate(z, 0), false);
        INDArray f = Transforms.sigmoid(gate(z, 1), false);
        INDArray g = Transforms.tanh(gate(z, 2), false);
        INDArray o = Transforms.sigmoid(gate(z, 3), false);
        c[l].muli(f).addi(i.muli(g));
        h[l].assign(Transforms.tanh(c[l], true).muli(o));
        x = h[l];
      }
    }
  }

  private INDArray gate(INDArray z, int gate) {
    INDArrayIndex columns =
        NDArrayIndex.interval((long) gate * one.hidden(), (gate + 1L) * one.hidden());
    return z.get(NDArrayIndex.all(), columns);
  }

  @Override
  public float[] state() {
    float[][] hs = new float[h.length][];
    float[][] cs = new float[h.length][];
    for (int l = 0; l < h.length; l++) {
      hs[l] = h[l].dup('c').data().asFloat();
      cs[l] = c[l].dup('c').data().asFloat();
    }
    float[] all = new float[2 * one.layers() * one.batch() * one.hidden()];
    StepSubjects.flatten(hs, cs, all);
    return all;
  }

  @Override
  public void close() {
    Nd4j.getWorkspaceManager().destroyAllWorkspacesForCurrentThread();
    embedding.close();
    for (int l = 0; l < h.length; l++) {
      weightIh[l].close();
      weightHh[l].close();
    }
  }
}
