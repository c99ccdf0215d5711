package io.undercurrent.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Times subjects in turn, A B C A B C ..., so that other load on the machine affects all of them
 * alike. Reports medians over the rounds.
 *
 * @param warmUpMs how long each subject runs before the first round
 * @param rounds the number of samples of each subject
 * @param sampleMs the minimum time of a sample; a sample is at least one call
 */
public record Alternation(long warmUpMs, int rounds, long sampleMs) {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Whether this is a quick run that only checks that everything works: {@code -Dbench.quick}. */
  public static final boolean QUICK = System.getProperty("bench.quick") != null;

  /** This plan; in a quick run a plan without warm-up and with two rounds of one call. */
  public static Alternation of(long warmUpMs, int rounds, long sampleMs) {
    return QUICK ? new Alternation(0, 2, 0) : new Alternation(warmUpMs, rounds, sampleMs);
  }

  /**
   * The time and memory of one subject.
   *
   * @param nanos per call, the median
   * @param bytes of Java heap allocated per call by all threads, the median
   */
  public record Result(double nanos, double bytes) {}

  /** Results in the order of the subjects. */
  public List<Result> measure(List<? extends Runnable> subjects) {
    for (Runnable subject : subjects) {
      sample(subject, warmUpMs);
    }
    double[][] nanos = new double[subjects.size()][rounds];
    double[][] bytes = new double[subjects.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int s = 0; s < subjects.size(); s++) {
        Result one = sample(subjects.get(s), sampleMs);
        nanos[s][round] = one.nanos;
        bytes[s][round] = one.bytes;
      }
    }
    List<Result> results = new ArrayList<>();
    for (int s = 0; s < subjects.size(); s++) {
      results.add(new Result(median(nanos[s]), median(bytes[s])));
    }
    return results;
  }

  private static Result sample(Runnable subject, long ms) {
    long calls = 0;
    long counting =
        -allocatedBytes() + allocatedBytes(); // the bytes that counting itself allocates
    long allocated = allocatedBytes() + counting;
    long start = System.nanoTime();
    long took;
    do {
      subject.run();
      calls++;
      took = System.nanoTime() - start;
    } while (took < ms * 1_000_000);
    return new Result(
        (double) took / calls, Math.max(0, (double) (allocatedBytes() - allocated) / calls));
  }

  /** Of all live threads. */
  private static long allocatedBytes() {
    long[] bytes = THREADS.getThreadAllocatedBytes(THREADS.getAllThreadIds());
    return Arrays.stream(bytes).filter(b -> b > 0).sum();
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
}
