package io.undercurrent.measure;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The measured application: runs one case in its own JVM, and is observed from this one. Not
 * thread-safe.
 */
final class App implements AutoCloseable {

  /**
   * One observation of a running application: the time, its CPU time so far, and its committed
   * records.
   */
  record Sample(long nanos, Duration cpu, long records) {}

  /** The cost of the records between two samples. */
  record Cost(long records, double cpuMicrosPerRecord, double recordsPerSecond) {

    static Cost between(Sample from, Sample to) {
      long records = to.records - from.records;
      return new Cost(
          records,
          (to.cpu.toNanos() - from.cpu.toNanos()) / 1e3 / records,
          records * 1e9 / (to.nanos - from.nanos));
    }
  }

  private static final Duration START_TIMEOUT =
      Duration.ofMinutes(15); // long enough to restore a million keys
  private static final Duration STALL_TIMEOUT = Duration.ofSeconds(60);
  private static final long SAMPLE_INTERVAL_MS = 50;

  private final Cluster cluster;
  private final String id;
  private final String from;
  private final ChildJvm jvm;
  private final String address; // empty if it serves no queries

  App(Cluster cluster, Case what, String id, String from, String to, Path folder, String model)
      throws InterruptedException {
    this(cluster, what, id, from, to, folder, model, false);
  }

  /**
   * Starts the application and waits until it is ready.
   *
   * @param queries whether it answers queries about keys
   * @throws MeasureException if it ends before it is ready, or is not ready in time
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

  /** The address of its queries, {@code http://host:port}; empty if it serves none. */
  String address() {
    return address;
  }

  /** Takes a sample. A record counts once its offset is committed, under either guarantee. */
  Sample sample() throws InterruptedException {
    long records = cluster.committed(id, from);
    return new Sample(System.nanoTime(), jvm.cpu(), records);
  }

  /**
   * Takes samples until {@code records} records are committed.
   *
   * @return one sample per commit, in order; the last has at least {@code records} records
   * @throws MeasureException if nothing is committed for a minute
   */
  List<Sample> watch(long records, Progress progress) throws InterruptedException {
    List<Sample> samples = new ArrayList<>();
    long progressNanos = System.nanoTime();
    while (true) {
      Sample now = sample();
      boolean first = samples.isEmpty();
      if (first || now.records > samples.get(samples.size() - 1).records) {
        samples.add(now);
        progressNanos = System.nanoTime();
        progress.done(now.records);
      }
      if (now.records >= records) {
        return samples;
      }
      jvm.requireAlive();
      if (System.nanoTime() - progressNanos > STALL_TIMEOUT.toNanos()) {
        throw new MeasureException(
            "%s must commit something within %d s, found %d of %d records committed"
                .formatted(id, STALL_TIMEOUT.toSeconds(), now.records, records));
      }
      Thread.sleep(SAMPLE_INTERVAL_MS);
    }
  }

  /** The cost of the records after the first {@code skipped} ones, which warm up the JVM. */
  static Cost cost(List<Sample> samples, long skipped) {
    Sample last = samples.get(samples.size() - 1);
    Sample first =
        samples.stream()
            .filter(sample -> sample.records >= skipped && sample.records < last.records)
            .findFirst()
            .orElseThrow(
                () ->
                    new MeasureException(
                        "the records must take longer than one commit: set a higher --records"));
    return Cost.between(first, last);
  }

  /** Ends the application with SIGKILL, as {@code kill -9} does. */
  void kill() throws InterruptedException {
    jvm.kill();
  }

  @Override
  public void close() {
    jvm.close();
  }
}
