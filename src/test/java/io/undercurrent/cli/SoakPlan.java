package io.undercurrent.cli;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * What a soak does to the instances of an application, step by step. The same seed gives the same
 * plan.
 *
 * @param seed of the plan, the records and the settings
 */
record SoakPlan(long seed, List<Step> steps) {

  /** Something that happens to an instance. */
  enum Fault {
    /** SIGKILL, then a start on the same folder. */
    KILL,
    /** SIGTERM, then a start on the same folder. */
    TERMINATE,
    /** SIGSTOP until the session and the transaction have timed out, then SIGCONT. */
    PAUSE,
    /** SIGKILL, then a start without the folder of states: all are restored. */
    WIPE,
    /** SIGKILL, a start, and another SIGKILL while it starts or restores. */
    KILL_TWICE,
    /** SIGTERM, and SIGKILL while it stops. */
    KILL_IN_STOP,
    /** Another instance joins. */
    JOIN,
    /** The other instance leaves, by SIGTERM. */
    LEAVE
  }

  /**
   * A fault.
   *
   * @param instance the index of the instance; of the one that comes and goes for JOIN and LEAVE
   * @param at the share of the step's records that are sent before it, 0 to 1
   * @param delayMs how long a second signal waits, for the faults that have two
   */
  record Step(Fault fault, int instance, double at, int delayMs) {}

  private static final int MAX_DELAY_MS = 4_000; // a start takes as long

  /**
   * Draws a plan: rounds of all faults in random order.
   *
   * @param instances that are always there; one more comes and goes
   */
  static SoakPlan of(long seed, int faults, int instances) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Step> steps = new ArrayList<>();
    boolean joined = false;
    while (steps.size() < faults) {
      List<Fault> round = new ArrayList<>(List.of(Fault.values()));
      Collections.shuffle(round, new Random(random.nextLong()));
      for (Fault drawn : round) {
        Fault fault = drawn;
        if (fault == Fault.JOIN || fault == Fault.LEAVE) {
          fault = joined ? Fault.LEAVE : Fault.JOIN;
          joined = !joined;
        }
        boolean other = fault == Fault.JOIN || fault == Fault.LEAVE;
        steps.add(
            new Step(
                fault,
                other ? instances : random.nextInt(instances),
                random.nextDouble(),
                random.nextInt(MAX_DELAY_MS)));
      }
    }
    return new SoakPlan(seed, List.copyOf(steps.subList(0, faults)));
  }
}
