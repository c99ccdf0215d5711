package io.undercurrent.bench;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.HiddenStates;
import io.undercurrent.model.Network;

/** Steps by this project's {@link Network#step}, of one key or of several together. */
final class OwnStep implements StepSubject {

  private final StepCase one;
  private final Network network;
  private final Network.Scratch scratch;
  private final HiddenStates states;

  OwnStep(StepCase one) {
    this.one = one;
    network = new Network(one.config(), one.parameters(), Kernels.best());
    scratch = network.scratch(one.batch());
    states = network.states(one.batch());
    for (int b = 0; b < one.batch(); b++) {
      states.set(b, HiddenState.zeros(one.config()));
    }
  }

  @Override
  public String name() {
    return "undercurrent";
  }

  @Override
  public void step(int[] tokens) {
    network.step(one.batch(), tokens, states, scratch);
  }

  @Override
  public float[] state() {
    int hidden = one.hidden();
    float[][] h = new float[one.layers()][one.batch() * hidden];
    float[][] c = new float[one.layers()][one.batch() * hidden];
    HiddenState key = HiddenState.zeros(one.config());
    for (int b = 0; b < one.batch(); b++) {
      states.get(b, key);
      for (int l = 0; l < one.layers(); l++) {
        System.arraycopy(key.h()[l], 0, h[l], b * hidden, hidden);
        System.arraycopy(key.c()[l], 0, c[l], b * hidden, hidden);
      }
    }
    float[] all = new float[2 * one.layers() * one.batch() * hidden];
    StepSubjects.flatten(h, c, all);
    return all;
  }

  @Override
  public void close() {}
}
