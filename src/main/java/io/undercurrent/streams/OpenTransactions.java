package io.undercurrent.streams;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ListOffsetsOptions;
import org.apache.kafka.clients.admin.ListOffsetsResult;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.common.IsolationLevel;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the records behind open transactions. A consumer that reads committed records stops at the
 * first open transaction of a partition, the last stable offset, and its metrics say that nothing
 * is left. If a producer never ends its transaction, the records behind it wait for as long as the
 * transaction's timeout, or for ever if the broker has lost track of it.
 *
 * <p>Logs once that a partition waits, and once that it does not any more. {@link #round} is called
 * by one thread; the other methods by any.
 */
final class OpenTransactions {

  private static final Logger log = LoggerFactory.getLogger(OpenTransactions.class);

  private static final int TIMEOUT_MS = 5_000;

  /** It looks in one round of so many, and in each while a transaction is open. */
  private static final int EVERY = 4;

  /** Looks in a row that find the same open transaction before it is reported: 20 s. */
  static final int LASTING = 7;

  private static final int MAX_NAMED = 5;

  private final Admin admin;
  private final String servers;
  private final Supplier<Set<TopicPartition>> partitions;
  private Map<TopicPartition, Waiting> waiting = new HashMap<>();
  private int sinceLook = EVERY;
  private volatile Map<TopicPartition, Long> behind = Map.of();
  private volatile String problem; // null for none

  /**
   * What waits in a partition.
   *
   * @param from the offset of the first open transaction
   * @param end the end of the partition
   * @param looks how many found this transaction
   * @param since the time of the first of them
   */
  private record Waiting(long from, long end, int looks, Instant since) {

    boolean isLasting() {
      return looks >= LASTING;
    }
  }

  /**
   * @param servers the brokers' addresses, for messages
   * @param partitions those to look at
   */
  OpenTransactions(Admin admin, String servers, Supplier<Set<TopicPartition>> partitions) {
    this.admin = admin;
    this.servers = servers;
    this.partitions = partitions;
  }

  /**
   * The number of offsets behind the last stable offset, for each partition that has some. Not
   * older than 12 s.
   */
  Map<TopicPartition, Long> behind() {
    return behind;
  }

  /** Which partitions wait for a transaction that lasts, since when, and what to do. Or null. */
  String problem() {
    return problem;
  }

  /** Asks the brokers, if it is time to. */
  void round() throws InterruptedException {
    sinceLook++;
    if (sinceLook < EVERY && waiting.isEmpty()) {
      return;
    }
    Set<TopicPartition> wanted = partitions.get();
    Map<TopicPartition, Waiting> found = wanted.isEmpty() ? Map.of() : look(wanted);
    found.forEach(
        (partition, now) -> {
          if (now.looks == LASTING) {
            log.warn("{}", text(partition, now));
          }
        });
    waiting.forEach(
        (partition, before) -> {
          Waiting now = found.get(partition);
          if (before.isLasting() && (now == null || !now.isLasting())) {
            log.info("partition {} does not wait for that transaction any more", partition);
          }
        });
    waiting = found;
    behind =
        found.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    Map.Entry::getKey, each -> each.getValue().end - each.getValue().from));
    problem = describe();
    sinceLook = wanted.isEmpty() ? EVERY : 0;
  }

  private Map<TopicPartition, Waiting> look(Set<TopicPartition> wanted)
      throws InterruptedException {
    Function<IsolationLevel, ListOffsetsResult> ends =
        isolation ->
            admin.listOffsets(
                wanted.stream()
                    .collect(Collectors.toMap(each -> each, each -> OffsetSpec.latest())),
                new ListOffsetsOptions(isolation).timeoutMs(TIMEOUT_MS));
    ListOffsetsResult stable = ends.apply(IsolationLevel.READ_COMMITTED);
    ListOffsetsResult all = ends.apply(IsolationLevel.READ_UNCOMMITTED);
    Map<TopicPartition, Waiting> found = new HashMap<>();
    for (TopicPartition partition : wanted) {
      try {
        long from = stable.partitionResult(partition).get().offset();
        long end = all.partitionResult(partition).get().offset();
        if (end > from) {
          found.put(partition, waiting(waiting.get(partition), from, end));
        }
      } catch (ExecutionException e) { // the watch reports topics that are gone
        log.debug("the end of {} is not known", partition, e);
      }
    }
    return found;
  }

  private static Waiting waiting(Waiting before, long from, long end) {
    return before != null && before.from == from
        ? new Waiting(from, end, before.looks + 1, before.since)
        : new Waiting(from, end, 1, Instant.now().truncatedTo(ChronoUnit.SECONDS));
  }

  private String describe() {
    List<String> lasting =
        waiting.entrySet().stream()
            .filter(each -> each.getValue().isLasting())
            .map(each -> text(each.getKey(), each.getValue()))
            .sorted()
            .toList();
    return lasting.isEmpty()
        ? null
        : lasting.stream().limit(MAX_NAMED).collect(Collectors.joining("; "))
            + (lasting.size() > MAX_NAMED ? "; and more" : "");
  }

  private String text(TopicPartition partition, Waiting waiting) {
    return ("partition %s waits for a transaction that has been open since %s or longer: up to %d"
            + " records are behind it. If its producer does not end it, this does:"
            + " kafka-transactions.sh --bootstrap-server %s abort --topic %s --partition %d"
            + " --start-offset %d")
        .formatted(
            partition,
            waiting.since,
            waiting.end - waiting.from,
            servers,
            partition.topic(),
            partition.partition(),
            waiting.from);
  }
}
