package io.undercurrent.jmh;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.kernel.PackedMatrix;
import io.undercurrent.kernel.PlainKernels;
import io.undercurrent.kernel.ProductScratch;
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

/** The product of one gate: (rows, hidden) · (hidden, hidden). */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class ProductBenchmark {

  /** {@code best} is what this JVM uses. */
  @Param({"best", "plain"})
  public String kernels;

  @Param({"256", "384"})
  public int hidden;

  @Param({"1", "6", "64"})
  public int rows;

  private final ProductScratch scratch = new ProductScratch();
  private PackedMatrix weights; // (hidden, hidden)
  private float[] h; // (rows, hidden)
  private float[] z; // (rows, hidden)

  @Setup
  public void pack() {
    Kernels provider = kernels.equals("plain") ? new PlainKernels() : Kernels.best();
    weights = provider.matrix(hidden, hidden);
    weights.pack(Numbers.of(hidden * hidden), 0, 1, hidden);
    h = Numbers.of(rows * hidden);
    z = new float[rows * hidden];
  }

  @Benchmark
  public float[] multiply() {
    weights.multiply(rows, h, z, scratch);
    return z;
  }
}
