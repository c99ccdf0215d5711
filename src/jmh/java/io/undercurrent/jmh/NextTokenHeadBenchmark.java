package io.undercurrent.jmh;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.Network;
import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.TopK;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The next-token head of {@code en-chat} at the tokens of a text: what each token cost (surprise),
 * and the five likeliest tokens after the last. Time of one call, which is for all positions.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class NextTokenHeadBenchmark {

  private static final String TEXT =
      "hi, my kettle was supposed to arrive on monday, and still no reply, third time i ask. ";

  @Param({"1", "16", "64"})
  public int positions;

  private NextTokenHead head;
  private NextTokenHead.Scratch scratch;
  private int[] tokens; // (positions) that came
  private double[] logProbabilities; // (positions)
  private boolean[] none; // (positions)
  private boolean[] last; // (positions) true at the last
  private boolean[] offered; // (V)
  private final TopK topK = new TopK(64, 5);

  /** Reads the text, and keeps the hidden state before each token. */
  @Setup
  public void read() {
    Model model = Checkpoint.load(Checkpoint.DEFAULT);
    Network network = model.network();
    head = network.nextToken();
    scratch = head.scratch(positions);
    tokens = model.tokenizer().encode(TEXT.repeat(positions), positions).ids();
    int hidden = model.config().hiddenSize();
    HiddenState state = HiddenState.zeros(model.config());
    Network.Scratch steps = network.scratch();
    for (int i = 0; i < positions; i++) {
      float[] top = state.h()[model.config().numLayers() - 1];
      System.arraycopy(top, 0, scratch.h(), i * hidden, hidden);
      network.step(tokens[i], state, steps);
    }
    logProbabilities = new double[positions];
    none = new boolean[positions];
    last = new boolean[positions];
    last[positions - 1] = true;
    offered = new boolean[head.vocabSize()];
    Arrays.fill(offered, true);
  }

  @Benchmark
  public double[] surprise() {
    head.expect(positions, scratch);
    head.read(positions, tokens, logProbabilities, none, offered, topK, scratch);
    return logProbabilities;
  }

  @Benchmark
  public double[] surpriseAndTopK() {
    head.expect(positions, scratch);
    head.read(positions, tokens, logProbabilities, last, offered, topK, scratch);
    return logProbabilities;
  }
}
