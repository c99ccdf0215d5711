package io.undercurrent.cli;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * What a soak does to the instances of an application and to the brokers, step by step. The same
 * seed gives the same plan.
 *
 * @param seed of the plan, the records and the settings
 */
record SoakPlan(long seed, List<Step> steps) {

  /** Something that happens to instances or brokers. */
  enum Fault {
    /** SIGKILL, then a start on the same folder. */
    KILL,
    /** SIGTERM, then a start on the same folder. */
    TERMINATE,
    /** SIGSTOP until the session and the transaction have timed out, then SIGCONT. */
    PAUSE,
    /** SIGKILL, then a start without the folder of states: all are restored. */
    WIPE,
    /** SIGKILL, a start, and another SIGKILL while it starts. */
    KILL_TWICE,
    /** SIGKILL, a start without the folder of states, and another SIGKILL while it restores. */
    KILL_IN_RESTORE,
    /** SIGTERM, and SIGKILL while it stops. */
    KILL_IN_STOP,
    /** The other instance joins; if it is there, it leaves by SIGTERM. */
    JOIN_OR_LEAVE,
    /** The same, while an instance restores all its states. */
    JOIN_OR_LEAVE_IN_RESTORE,
    /** SIGKILL while the group rebalances, because the other instance joins or leaves. */
    KILL_IN_REBALANCE,
    /** SIGKILL of all instances at once. */
    KILL_ALL,
    /** SIGSTOP of an instance, SIGKILL of another while the first is stopped. */
    KILL_IN_PAUSE,
    /** SIGKILL, then a start on a folder in which files of states are damaged. */
    CORRUPT,
    /** SIGKILL of a broker, then a start. */
    KILL_BROKER,
    /** SIGTERM of a broker, then a start. */
    TERMINATE_BROKER,
    /** SIGSTOP of a broker until the others have taken over, then SIGCONT. */
    PAUSE_BROKER,
    /** SIGKILL of a broker and of an instance at once. */
    KILL_BROKER_AND_INSTANCE;

    /** The faults that happen to brokers. */
    static final Set<Fault> OF_BROKERS =
        Set.of(KILL_BROKER, TERMINATE_BROKER, PAUSE_BROKER, KILL_BROKER_AND_INSTANCE);
  }

  /**
   * A fault.
   *
   * @param instance the index of the instance
   * @param broker the index of the broker, for faults of brokers
   * @param at the share of the step's records that are sent before it, 0 to 1
   * @param delayMs how long a second signal waits, for the faults that have two
   */
  record Step(Fault fault, int instance, int broker, double at, int delayMs) {}

  private static final int MAX_DELAY_MS = 4_000; // a start takes as long

  /**
   * Draws a plan: rounds of all these faults in random order.
   *
   * @param instances that are always there; one more comes and goes
   */
  static SoakPlan of(long seed, int faults, Set<Fault> kinds, int instances, int brokers) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Step> steps = new ArrayList<>();
    while (steps.size() < faults) {
      List<Fault> round = new ArrayList<>(kinds);
      Collections.sort(round); // a set has no order of its own
      Collections.shuffle(round, new Random(random.nextLong()));
      for (Fault fault : round) {
        steps.add(
            new Step(
                fault,
                random.nextInt(instances),
                random.nextInt(brokers),
                random.nextDouble(),
                random.nextInt(MAX_DELAY_MS)));
      }
    }
    return new SoakPlan(seed, List.copyOf(steps.subList(0, faults)));
  }
}
