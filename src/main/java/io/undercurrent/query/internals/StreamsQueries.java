package io.undercurrent.query.internals;

import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.query.NotAvailableException;
import io.undercurrent.streams.internals.InputLag;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyQueryMetadata;
import org.apache.kafka.streams.LagInfo;
import org.apache.kafka.streams.StreamsMetadata;
import org.apache.kafka.streams.ThreadMetadata;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.processor.StreamPartitioner;
import org.apache.kafka.streams.state.HostInfo;

/**
 * Answers questions about a running application: where a key's state is, the state itself, the
 * other instances, the lag. It changes no state. Thread-safe.
 *
 * <p>An answer includes records that are not committed yet. After a crash the restored state may
 * lack them.
 *
 * <p>Behind a repartition topic a key is in the partition that Kafka's default partitioner gives
 * it, because Kafka Streams wrote the topic. Otherwise the clients that write the source topics
 * choose the partitions, and each may have a partitioner of its own. A key is then looked for in
 * the default partitioner's partition first, and after that in all others.
 */
public final class StreamsQueries {

  private final Supplier<KafkaStreams> streams;
  private final Host self;
  private final EnrichmentSettings settings;
  private final IntSupplier partitions;
  private final boolean placed;
  private final LocalStates states;

  /** The address of an instance: its {@code application.server}. */
  public record Host(String name, int port) {

    /** A top-level domain without hosts (RFC 2606). */
    private static final String NOWHERE = ".invalid";

    /**
     * An {@code application.server} for an instance that has none. Kafka Streams tracks which
     * instance has which partition only if instances have addresses.
     *
     * @param name a unique name of the instance, as part of a host's name
     */
    public static String unreachable(String name) {
      return name + NOWHERE + ":1";
    }

    /** Whether queries can be sent to this address. */
    public boolean reachable() {
      return !name.endsWith(NOWHERE);
    }

    /** From {@code host:port}; null from null or an empty string. */
    public static Host of(String endpoint) {
      return of(HostInfo.buildFromEndpoint(endpoint));
    }

    private static Host of(HostInfo info) {
      return info == null || info.equals(HostInfo.unavailable())
          ? null
          : new Host(info.host(), info.port());
    }

    @Override
    public String toString() {
      return (name.indexOf(':') < 0 ? name : "[" + name + "]") + ":" + port;
    }
  }

  /**
   * The instances that may have a key's state.
   *
   * @param partition where the default partitioner puts the key
   * @param active the instance that has this partition, as far as this instance knows, which may be
   *     out of date; null while none is known
   * @param standbys other instances that have a copy
   * @param others all other instances that can be queried
   */
  public record KeyLocation(int partition, Host active, List<Host> standbys, List<Host> others) {}

  /**
   * An instance of the application.
   *
   * @param host not always {@link Host#reachable}
   * @param active the partitions that it reads, as {@code topic-partition}, sorted
   * @param standby the partitions for which it keeps copies of states, likewise
   */
  public record Instance(Host host, List<String> active, List<String> standby) {}

  /**
   * @param streams returns the application; null before it starts
   * @param self this instance's {@code application.server}, or an address that is not {@link
   *     Host#reachable}
   * @param partitions returns the number of partitions of the states; throws NotAvailableException
   *     while it is unknown
   * @param placed whether Kafka Streams chose the keys' partitions
   */
  public StreamsQueries(
      Supplier<KafkaStreams> streams,
      Host self,
      Model model,
      EnrichmentSettings settings,
      IntSupplier partitions,
      boolean placed) {
    this.streams = streams;
    this.placed = placed;
    this.partitions = partitions;
    this.self = self;
    this.settings = settings;
    states = new LocalStates(model, settings);
  }

  /** The address by which other instances know this one. */
  public Host self() {
    return self;
  }

  /**
   * Finds the instances that may have a key's state.
   *
   * <p>Under the streams group protocol (KIP-1071) Kafka Streams 4.3 knows only one stream thread's
   * partitions of each instance, and assumes that there are no others. So this class computes the
   * partition itself, and an instance that Kafka Streams does not name as the owner may still be
   * the owner.
   *
   * @throws NotAvailableException while the owner is unknown
   */
  public KeyLocation locate(byte[] key) {
    KafkaStreams running = running();
    int partition = Utils.toPositive(Utils.murmur2(key)) % partitions.getAsInt();
    try {
      KeyQueryMetadata found =
          running.queryMetadataForKey(settings.store(), key, partitioner(partition));
      boolean known = found != null && !found.equals(KeyQueryMetadata.NOT_AVAILABLE);
      Host active = known ? Host.of(found.activeHost()) : null;
      return new KeyLocation(
          partition,
          active,
          known ? others(found.standbyHosts().stream()) : List.of(),
          others(running.metadataForAllStreamsClients().stream().map(StreamsMetadata::hostInfo)));
    } catch (StreamsException | IllegalStateException e) {
      throw new NotAvailableException(
          "which instance has the key is not known now: Kafka Streams is " + state(), e);
    }
  }

  /** A partitioner with one answer. Kafka before 4.4 has only the method that is deprecated now. */
  @SuppressWarnings("removal")
  private static StreamPartitioner<byte[], Object> partitioner(int partition) {
    return (topic, key, value, partitions) -> Optional.of(Set.of(partition));
  }

  private List<Host> others(Stream<HostInfo> hosts) {
    return hosts
        .map(Host::of)
        .filter(host -> host != null && !host.equals(self) && host.reachable())
        .distinct()
        .toList();
  }

  private KafkaStreams running() {
    KafkaStreams running = streams.get();
    if (running == null) {
      throw new NotAvailableException("the application has not started yet");
    }
    return running;
  }

  /**
   * The state of a key, if this instance has it.
   *
   * @param stale whether a standby's copy is accepted if the state itself is not here or is being
   *     restored
   * @param searched receives the partitions of this instance that have no state of the key
   * @throws NotAvailableException if the state cannot be read here now, or may be on another
   *     instance
   * @throws UnknownKeyException if there is no state that this model can read
   */
  public StoredKey read(KeyLocation location, byte[] key, boolean stale, Set<Integer> searched) {
    Search search = new Search(key, stale, searched);
    StoredKey found = search.in(location.partition);
    if (found == null && !placed) {
      Set<Integer> others = localPartitions(stale);
      others.remove(location.partition);
      found = search.inAny(others);
    }
    if (found == null) {
      throw search.failure(location);
    }
    return found;
  }

  /** A search for a key in this instance's partitions. */
  private final class Search {
    private final byte[] key;
    private final boolean stale;
    private final Set<Integer> searched;
    private UnknownKeyException unknown; // null if no partition was read
    private RuntimeException failure; // null if every partition was read

    Search(byte[] key, boolean stale, Set<Integer> searched) {
      this.key = key;
      this.stale = stale;
      this.searched = searched;
    }

    /** The key's state in a partition; null if it is not there or the partition is not here. */
    StoredKey in(int partition) {
      try {
        return states.read(running(), partition, key, null);
      } catch (UnknownKeyException e) {
        searched.add(partition);
        unknown = unknown == null || e.foreign() ? e : unknown;
      } catch (StreamsException | IllegalStateException e) {
        failure = e;
        return stale ? copyIn(partition) : null;
      }
      return null;
    }

    /** A copy that has no state of the key proves nothing: it may lack the last records. */
    private StoredKey copyIn(int partition) {
      try {
        return states.read(running(), partition, key, behind(partition));
      } catch (UnknownKeyException | StreamsException | IllegalStateException e) {
        return null;
      }
    }

    StoredKey inAny(Set<Integer> partitions) {
      for (int partition : partitions) {
        StoredKey found = in(partition);
        if (found != null) {
          return found;
        }
      }
      return null;
    }

    /** Why nothing was found. */
    RuntimeException failure(KeyLocation location) {
      if (unknown != null && (placed || unsearched(searched).isEmpty())) {
        return unknown;
      }
      return new NotAvailableException(
          placed
              ? "the state of the key, in partition %d, is moving or being restored: Kafka Streams is %s"
                  .formatted(location.partition, state())
              : "no state of the key is in partitions %s of this instance, and it may be in another one: Kafka Streams is %s"
                  .formatted(new TreeSet<>(searched), state()),
          failure);
    }
  }

  /** The partitions whose states this instance has, or copies of them. */
  private Set<Integer> localPartitions(boolean copies) {
    Set<Integer> local = new TreeSet<>();
    try {
      for (ThreadMetadata thread : running().metadataForLocalThreads()) {
        thread.activeTasks().forEach(task -> local.add(task.taskId().partition()));
        if (copies) {
          thread.standbyTasks().forEach(task -> local.add(task.taskId().partition()));
        }
      }
    } catch (StreamsException | IllegalStateException e) {
      throw new NotAvailableException("Kafka Streams is " + state(), e);
    }
    return local;
  }

  /**
   * The partitions that were not searched.
   *
   * @param searched the partitions that have no state of the key, on all instances that were asked
   * @throws UnknownKeyException if none is left
   */
  public Set<Integer> left(Set<Integer> searched) {
    Set<Integer> left = unsearched(searched);
    if (left.isEmpty()) {
      throw UnknownKeyException.onNoInstance();
    }
    return left;
  }

  private Set<Integer> unsearched(Set<Integer> searched) {
    Set<Integer> left = new TreeSet<>();
    for (int partition = 0; partition < partitions.getAsInt(); partition++) {
      left.add(partition);
    }
    left.removeAll(searched);
    return left;
  }

  /** Whether a key can only be in the partition where the default partitioner puts it. */
  public boolean placed() {
    return placed;
  }

  /**
   * The partition in which this instance has a key's state; null if it has none, or if Kafka
   * Streams chooses the key's partition.
   */
  public Integer partitionOf(byte[] key) {
    if (placed) {
      return null;
    }
    try {
      Set<Integer> candidates = new LinkedHashSet<>();
      candidates.add(locate(key).partition());
      candidates.addAll(localPartitions(false));
      for (int partition : candidates) {
        if (new Search(key, false, new HashSet<>()).in(partition) != null) {
          return partition;
        }
      }
    } catch (NotAvailableException e) {
      return null; // it has not started, or has stopped
    }
    return null;
  }

  private long behind(int partition) {
    Map<Integer, LagInfo> lags =
        running().allLocalStorePartitionLags().getOrDefault(settings.store(), Map.of());
    return lags.containsKey(partition) ? Math.max(0, lags.get(partition).offsetLag()) : -1;
  }

  /** The state of Kafka Streams; {@code CREATED} before the application starts. */
  public String state() {
    KafkaStreams running = streams.get();
    return running == null ? KafkaStreams.State.CREATED.name() : running.state().name();
  }

  /**
   * All instances that this one knows, sorted by host. For another instance with several stream
   * threads under the streams group protocol, Kafka Streams returns only one thread's partitions.
   */
  public List<Instance> instances() {
    try {
      KafkaStreams running = running();
      return Stream.concat(
              Stream.of(thisInstance(running)),
              running.metadataForAllStreamsClients().stream()
                  .filter(m -> !self.equals(Host.of(m.hostInfo())))
                  .map(
                      m ->
                          new Instance(
                              Host.of(m.hostInfo()),
                              sorted(m.topicPartitions()),
                              sorted(m.standbyTopicPartitions()))))
          .sorted(Comparator.comparing(instance -> Objects.toString(instance.host)))
          .toList();
    } catch (IllegalStateException | StreamsException e) {
      throw new NotAvailableException("Kafka Streams is " + state(), e);
    }
  }

  private Instance thisInstance(KafkaStreams running) {
    Set<TopicPartition> active = new HashSet<>();
    Set<TopicPartition> standby = new HashSet<>();
    for (ThreadMetadata thread : running.metadataForLocalThreads()) {
      thread.activeTasks().forEach(task -> active.addAll(task.topicPartitions()));
      thread.standbyTasks().forEach(task -> standby.addAll(task.topicPartitions()));
    }
    return new Instance(self, sorted(active), sorted(standby));
  }

  private static List<String> sorted(Collection<TopicPartition> partitions) {
    return partitions.stream().map(TopicPartition::toString).sorted().toList();
  }

  /**
   * The number of records of {@code topics} that this instance still has to read, as of its last
   * fetch; null before the first fetch.
   */
  public Long inputLag(Collection<String> topics) {
    KafkaStreams running = streams.get();
    return running == null ? null : InputLag.of(running, topics);
  }
}
