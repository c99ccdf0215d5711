package io.undercurrent.bench;

import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.TopK;
import java.util.Arrays;
import java.util.List;

/** This project's head: copies h into its buffer and calls {@link NextTokenHead#read}. */
final class OwnHead implements HeadSubject {

  private final List<HeadCase.Call> calls;
  private final NextTokenHead head;
  private final NextTokenHead.Scratch scratch;
  private final boolean[][] wanted; // (calls, P)
  private final boolean[] offered; // (V) all
  private final double[] logProbabilities; // (P)
  private final TopK topK; // (P, TOP)

  OwnHead(HeadCase one, List<HeadCase.Call> calls) {
    this.calls = calls;
    head = one.network().nextToken();
    int maxPositions = calls.stream().mapToInt(call -> call.targets().length).max().orElseThrow();
    scratch = head.scratch(maxPositions);
    wanted = new boolean[calls.size()][];
    for (int i = 0; i < wanted.length; i++) {
      wanted[i] = new boolean[calls.get(i).targets().length];
      for (int end : calls.get(i).ends()) {
        wanted[i][end] = true;
      }
    }
    offered = new boolean[head.vocabSize()];
    Arrays.fill(offered, true);
    logProbabilities = new double[maxPositions];
    topK = new TopK(maxPositions, HeadCase.TOP);
  }

  @Override
  public String name() {
    return "undercurrent";
  }

  @Override
  public void read(int i) {
    HeadCase.Call call = calls.get(i);
    int rows = call.targets().length;
    System.arraycopy(call.h(), 0, scratch.h(), 0, call.h().length);
    head.expect(rows, scratch);
    head.read(rows, call.targets(), logProbabilities, wanted[i], offered, topK, scratch);
  }

  @Override
  public Answer answer(int i) {
    read(i);
    int[] ends = calls.get(i).ends();
    int[] ids = new int[ends.length * HeadCase.TOP];
    double[] probabilities = new double[ids.length];
    for (int j = 0; j < ids.length; j++) {
      int row = ends[j / HeadCase.TOP];
      ids[j] = topK.id(row, j % HeadCase.TOP);
      probabilities[j] = topK.probability(row, j % HeadCase.TOP);
    }
    double[] logs = Arrays.copyOf(logProbabilities, calls.get(i).targets().length);
    return new Answer(logs, ids, probabilities);
  }

  @Override
  public void close() {}
}
