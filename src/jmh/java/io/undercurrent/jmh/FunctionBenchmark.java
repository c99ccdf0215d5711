package io.undercurrent.jmh;

import io.undercurrent.kernel.Functions;
import io.undercurrent.kernel.Kernels;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/** Activations of gates and exponentials of a softmax: time of one number. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@OperationsPerInvocation(FunctionBenchmark.N)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class FunctionBenchmark {

  /** Numbers of a call: a gate of 6 keys with 384 units. */
  static final int N = 6 * 384;

  private final Kernels kernels = Kernels.best();
  private final float[] input = Numbers.of(N);
  private final float[] x = new float[N];
  private final float[] sums = new float[Kernels.PARTIAL_SUMS];

  @Benchmark
  public float[] sigmoid() {
    System.arraycopy(input, 0, x, 0, N);
    Functions.sigmoid(x, N);
    return x;
  }

  @Benchmark
  public float[] tanh() {
    System.arraycopy(input, 0, x, 0, N);
    Functions.tanh(x, N);
    return x;
  }

  @Benchmark
  public float exponentials() {
    System.arraycopy(input, 0, x, 0, N);
    return kernels.exponentials(x, 0, N, 1f, sums);
  }

  @Benchmark
  public float max() {
    return kernels.max(input, 0, N);
  }
}
