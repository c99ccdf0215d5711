package io.undercurrent.fuzz;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** What Jazzer calls for each input. It also bounds what an input allocates. */
public final class FuzzDriver {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static FuzzTarget target;

  private FuzzDriver() {}

  /** Called once by Jazzer with the target's name. */
  public static void fuzzerInitialize(String[] arguments) throws Exception {
    target = FuzzTargets.of(arguments[0]);
    target.read(new byte[0]); // loads classes
  }

  /** Called by Jazzer with each input. What it throws is a finding. */
  public static void fuzzerTestOneInput(byte[] input) throws Exception {
    read(target, input);
  }

  /** Reads an input, and reads it again before it says that it allocates too much. */
  static void read(FuzzTarget target, byte[] input) throws Exception {
    long max = target.maxAllocation(input.length);
    if (allocated(target, input) > max) {
      long again = allocated(target, input); // the first time may have loaded classes
      if (again > max) {
        throw new AssertionError(
            "an input of %,d bytes must allocate at most %,d bytes, found %,d"
                .formatted(input.length, max, again));
      }
    }
  }

  private static long allocated(FuzzTarget target, byte[] input) throws Exception {
    long before = THREADS.getCurrentThreadAllocatedBytes();
    target.read(input);
    return THREADS.getCurrentThreadAllocatedBytes() - before;
  }
}
