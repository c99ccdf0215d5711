package io.undercurrent.query.internals;

import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import io.undercurrent.query.NotAvailableException;
import io.undercurrent.streams.internals.InputLag;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
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
import org.apache.kafka.streams.state.HostInfo;

/**
 * What may be asked of a running application: where a key's state is, the state itself, who else
 * runs, how far behind it is. Thread-safe; nothing it does changes a state.
 *
 * <p>A state is read as the processor left it, up to a commit interval before it is committed:
 * after a crash in between, an answer may have been ahead of what is then restored. Where a key is
 * follows from Kafka's default partitioner: it must be what the source topics were written with.
 */
public final class StreamsQueries {

  private final Supplier<KafkaStreams> streams;
  private final Host self;
  private final EnrichmentSettings settings;
  private final IntSupplier partitions;
  private final LocalStates states;

  /** Where an instance can be asked: its {@code application.server}. */
  public record Host(String name, int port) {

    /** The top-level domain that no host is in (RFC 2606). */
    private static final String NOWHERE = ".invalid";

    /**
     * An address for an instance without {@code application.server}, in the form of that: Kafka
     * Streams keeps no account of who has which partition where instances have no addresses at all.
     */
    public static String unreachable() {
      return UUID.randomUUID() + NOWHERE + ":1";
    }

    /** Whether it is an address that can be asked. */
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
   * Where a key's state is.
   *
   * @param active the instance that has it as far as is known here, which may lag behind; null
   *     while none is known
   * @param standbys other instances that keep a copy
   * @param others all other instances that can be asked
   */
  public record Place(int partition, Host active, List<Host> standbys, List<Host> others) {}

  /**
   * An instance of the application.
   *
   * @param host not always {@link Host#reachable}
   * @param active partitions it reads, {@code topic-partition}, sorted
   * @param standby partitions it keeps copies of states for
   */
  public record Instance(Host host, List<String> active, List<String> standby) {}

  /**
   * @param streams the application; gives null before it starts
   * @param self the application's {@code application.server}, or what is not reachable
   * @param partitions of the states; throws NotAvailableException while that is not known
   */
  public StreamsQueries(
      Supplier<KafkaStreams> streams,
      Host self,
      Model model,
      EnrichmentSettings settings,
      IntSupplier partitions) {
    this.streams = streams;
    this.partitions = partitions;
    this.self = self;
    this.settings = settings;
    states = new LocalStates(model, settings);
  }

  /** What other instances know this one by. */
  public Host self() {
    return self;
  }

  /**
   * Where the state of a key is, or would be.
   *
   * <p>Under the streams group protocol (KIP-1071) Kafka Streams 4.3 knows but one stream thread's
   * partitions of each instance, and takes those that it knows of for all there are. So how many
   * there are is not left to it, and an instance that it does not know as the owner may still be.
   *
   * @throws NotAvailableException while that is not settled
   */
  public Place locate(byte[] key) {
    KafkaStreams running = running();
    int partition = Utils.toPositive(Utils.murmur2(key)) % partitions.getAsInt();
    try {
      KeyQueryMetadata found =
          running.queryMetadataForKey(
              settings.store(), key, (topic, k, value, known) -> Optional.of(Set.of(partition)));
      boolean known = found != null && !found.equals(KeyQueryMetadata.NOT_AVAILABLE);
      Host active = known ? Host.of(found.activeHost()) : null;
      return new Place(
          partition,
          active,
          known ? others(found.standbyHosts().stream()) : List.of(),
          others(running.metadataForAllStreamsClients().stream().map(StreamsMetadata::hostInfo)));
    } catch (StreamsException | IllegalStateException e) {
      throw new NotAvailableException(
          "which instance has the key is not known now: Kafka Streams is " + state(), e);
    }
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
   * @param stale whether a copy will do where the state itself is not here, or still being restored
   * @throws NotAvailableException if it cannot be read here now
   * @throws UnknownKeyException if there is none that this model can read
   */
  public StoredKey read(Place place, byte[] key, boolean stale) {
    try {
      return read(place.partition, key, null);
    } catch (StreamsException | IllegalStateException e) {
      if (stale) {
        return readCopy(place, key);
      }
      throw notHere(place, e);
    }
  }

  private StoredKey readCopy(Place place, byte[] key) {
    try {
      return read(place.partition, key, behind(place.partition));
    } catch (StreamsException | IllegalStateException e) {
      throw notHere(place, e);
    }
  }

  private NotAvailableException notHere(Place place, RuntimeException cause) {
    return new NotAvailableException(
        "the state of the key, in partition %d, is moving or being restored: Kafka Streams is %s"
            .formatted(place.partition, state()),
        cause);
  }

  private StoredKey read(int partition, byte[] key, Long behind) {
    return states.read(running(), partition, key, behind);
  }

  private long behind(int partition) {
    Map<Integer, LagInfo> lags =
        running().allLocalStorePartitionLags().getOrDefault(settings.store(), Map.of());
    return lags.containsKey(partition) ? Math.max(0, lags.get(partition).offsetLag()) : -1;
  }

  /** Kafka Streams' word for what it is doing; {@code CREATED} before the start. */
  public String state() {
    KafkaStreams running = streams.get();
    return running == null ? KafkaStreams.State.CREATED.name() : running.state().name();
  }

  /**
   * All instances that are known here, sorted by host. Of another one that runs several stream
   * threads under the streams group protocol, Kafka Streams tells but one thread's partitions.
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
   * Records that this instance has still to read from the source topics, as of its last poll; null
   * before the first.
   */
  public Long inputLag(Collection<String> topics) {
    KafkaStreams running = streams.get();
    return running == null ? null : InputLag.of(running, topics);
  }
}
