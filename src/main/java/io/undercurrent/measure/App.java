package io.undercurrent.measure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The application of one case, running in a JVM of its own and watched from here. */
final class App implements AutoCloseable {

  /** One look at a running application. */
  record Sample(long nanos, Duration cpu, long records) {}

  /** What records cost between two samples. */
  record Cost(long records, double cpuMicrosPerRecord, double recordsPerSecond) {

    static Cost between(Sample from, Sample to) {
      long records = to.records - from.records;
      return new Cost(
          records,
          (to.cpu.toNanos() - from.cpu.toNanos()) / 1e3 / records,
          records * 1e9 / (to.nanos - from.nanos));
    }
  }

  private static final Duration START_TIMEOUT = Duration.ofMinutes(15); // a million keys to restore
  private static final Duration STALL_TIMEOUT = Duration.ofSeconds(60);
  private static final long LOOK_EVERY_MS = 50;

  private final Cluster cluster;
  private final String id;
  private final String from;
  private final ChildJvm jvm;
  private final String address; // empty where it serves no queries

  App(Cluster cluster, Case what, String id, String from, String to, Path folder, String model)
      throws InterruptedException {
    this(cluster, what, id, from, to, folder, model, false);
  }

  /**
   * @param queries whether it answers queries about keys
   */
  App(
      Cluster cluster,
      Case what,
      String id,
      String from,
      String to,
      Path folder,
      String model,
      boolean queries)
      throws InterruptedException {
    this.cluster = cluster;
    this.id = id;
    this.from = from;
    List<String> command =
        new ArrayList<>(
            what.command(
                id, cluster.bootstrapServers(), from, to, folder.resolve("state-" + id), model));
    if (queries) {
      command.add("--queries");
    }
    jvm = cluster.child(folder.resolve(id + ".log"), command);
    try {
      address = jvm.awaitReady(START_TIMEOUT);
    } catch (RuntimeException | InterruptedException e) {
      jvm.close();
      throw e;
    }
  }

  /** Where it answers queries, {@code http://host:port}. */
  String address() {
    return address;
  }

  /** Counts records whose offsets are committed, in either guarantee. */
  Sample sample() throws InterruptedException {
    long records = cluster.committed(id, from);
    return new Sample(System.nanoTime(), jvm.cpu(), records);
  }

  /**
   * Watches until so many records are committed.
   *
   * @return samples at every commit, in order; the last has {@code records} or more
   * @throws MeasureException if nothing is committed for a minute
   */
  List<Sample> watch(long records, Progress progress) throws InterruptedException {
    List<Sample> samples = new ArrayList<>();
    long moved = System.nanoTime();
    while (true) {
      Sample now = sample();
      boolean first = samples.isEmpty();
      if (first || now.records > samples.get(samples.size() - 1).records) {
        samples.add(now);
        moved = System.nanoTime();
        progress.done(now.records);
      }
      if (now.records >= records) {
        return samples;
      }
      jvm.requireAlive();
      if (System.nanoTime() - moved > STALL_TIMEOUT.toNanos()) {
        throw new MeasureException(
            "%s must commit something within %d s, found %d of %d records committed"
                .formatted(id, STALL_TIMEOUT.toSeconds(), now.records, records));
      }
      Thread.sleep(LOOK_EVERY_MS);
    }
  }

  /** The cost of the records after the first {@code skipped}, which warm the JVM up. */
  static Cost cost(List<Sample> samples, long skipped) {
    Sample last = samples.get(samples.size() - 1);
    Sample first =
        samples.stream()
            .filter(sample -> sample.records >= skipped && sample.records < last.records)
            .findFirst()
            .orElseThrow(
                () ->
                    new MeasureException("records must take longer than one commit: ask for more"));
    return Cost.between(first, last);
  }

  @Override
  public void close() {
    jvm.close();
  }
}
