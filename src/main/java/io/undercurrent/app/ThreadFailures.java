package io.undercurrent.app;

import io.undercurrent.streams.internals.BrokenStoreException;
import io.undercurrent.streams.internals.RefusedRecords;
import io.undercurrent.streams.internals.Repairs;
import io.undercurrent.streams.internals.StoreFiles;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.CoordinatorLoadInProgressException;
import org.apache.kafka.common.errors.CoordinatorNotAvailableException;
import org.apache.kafka.common.errors.FencedInstanceIdException;
import org.apache.kafka.common.errors.InvalidPidMappingException;
import org.apache.kafka.common.errors.InvalidProducerEpochException;
import org.apache.kafka.common.errors.InvalidTimestampException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.NotCoordinatorException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.errors.StreamsException;
import org.apache.kafka.streams.errors.TopologyException;
import org.apache.kafka.streams.processor.TaskId;

/**
 * Failures of stream threads: which ones pass when the thread starts again, and what the others
 * mean. Thread-safe.
 */
final class ThreadFailures {

  private static final int MAX_REJOINS = 20;
  private static final Duration REJOINS_PER = Duration.ofMinutes(10);

  private static final String PARTITIONS_ADDED =
      "partitions were added; a restart continues after the last commit";

  private final StreamsConfig config;
  private final StateFolder stateFolder;
  private final Supplier<Optional<String>> wrongPartitions;
  private final List<String> stores;
  private final Repairs repairs = new Repairs(true);
  private int rejoins; // since firstRejoinNanos
  private long firstRejoinNanos;

  /**
   * @param wrongPartitions asks a broker what is wrong with the number of partitions of the
   *     internal topics
   * @param stores names of the stores
   */
  ThreadFailures(
      StreamsConfig config,
      StateFolder stateFolder,
      Supplier<Optional<String>> wrongPartitions,
      List<String> stores) {
    this.stores = stores;
    this.config = config;
    this.stateFolder = stateFolder;
    this.wrongPartitions = wrongPartitions;
  }

  /** Some failures we can explain better: added partitions, a copied state folder. */
  Throwable explained(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof FencedInstanceIdException) {
        return new AppException(
            "another instance has joined the group under the name of this one: if it runs with a copy of the state folder %s, delete that folder on one of the two"
                .formatted(stateFolder),
            failure);
      }
      if (cause instanceof TopologyException
          || String.valueOf(cause.getMessage()).contains("invalid partitions")) {
        try {
          Optional<String> problem = wrongPartitions.get();
          if (problem.isEmpty() && cause instanceof TopologyException) {
            return failure;
          }
          return new AppException(problem.orElse(PARTITIONS_ADDED), failure);
        } catch (AppException e) {
          return failure;
        }
      }
    }
    return failure;
  }

  /**
   * Whether to start a new stream thread: this one ended because of a refused record, which the new
   * one sends to the dead letters.
   */
  boolean maySkip(Throwable cause) {
    return refusal(cause) != null && RefusedRecords.from(config.originals()).takeAttempt();
  }

  /**
   * Whether to start a new stream thread: this one ended because RocksDB found a store's files
   * broken while Kafka Streams restored the store, so they will be deleted. All other broken files
   * are noticed by the stores themselves.
   */
  synchronized boolean mayRestore(Throwable failure) {
    Optional<TaskId> task = Optional.empty();
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof BrokenStoreException) {
        return false;
      }
      if (cause instanceof StreamsException e && task.isEmpty()) {
        task = e.taskId();
      }
    }
    if (task.isEmpty() || !StoreFiles.areBroken(failure) || !repairs.take(task.get())) {
      return false;
    }
    for (String store : stores) {
      new StoreFiles(task.get(), stateFolder.path().resolve(task.get().toString()), store)
          .condemn();
    }
    return true;
  }

  /** What to change at a topic that refused a record; null for another failure. */
  private static String refusal(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RecordTooLargeException) {
        return "raise max.message.bytes of that topic";
      }
      if (cause instanceof InvalidTimestampException) {
        return "raise message.timestamp.after.max.ms and message.timestamp.before.max.ms of that"
            + " topic";
      }
      if (cause instanceof InvalidRecordException) {
        return "see what that topic accepts: its cleanup.policy and message.timestamp.* settings";
      }
    }
    return null;
  }

  /**
   * Whether a new stream thread may succeed where this one failed, and without loss: what it did
   * not commit is aborted.
   *
   * <p>After a pause longer than its transaction's timeout, a thread finds its transaction aborted
   * by the coordinator. Kafka Streams itself starts such a thread again, but not for every error by
   * which the brokers say so. Nor does it while a coordinator that has moved is loading its
   * transactions.
   *
   * <p>The last line works around a fault of Kafka 4.3.1's brokers under the streams group
   * protocol. For some moments after the source topics were created, the group's coordinator does
   * not know them. A member without {@code application.server} is told that topics are missing, and
   * asks again. A member with one gets an UnknownServerException, because
   * EndpointToPartitionsManager asks for the sub-topologies of a topology that is not configured
   * yet. That member gives up, so another one has to join.
   */
  boolean mayRejoin(Throwable cause, boolean hasRun) {
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return isPassing(root)
        || root instanceof UnknownServerException
            && StreamsSettings.usesStreamsProtocol(config)
            && !hasRun;
  }

  /** Whether an error says that a transaction or a membership ended, or that its broker moves. */
  static boolean isPassing(Throwable root) {
    return root instanceof InvalidTxnStateException
        || root instanceof ProducerFencedException
        || root instanceof InvalidProducerEpochException
        || root instanceof InvalidPidMappingException
        || root instanceof CoordinatorLoadInProgressException
        || root instanceof CoordinatorNotAvailableException
        || root instanceof NotCoordinatorException;
  }

  /**
   * Whether Kafka's producer refuses all use because a commit timed out. A new stream thread would
   * not help: the old one's producer does not close, so it stays in the group without reading for
   * max.poll.interval.ms (seen with Kafka 4.4.0). A restart does help.
   */
  private static boolean isTimedOutCommit(Throwable cause) {
    return cause instanceof IllegalStateException
        && String.valueOf(cause.getMessage()).contains("timed out and must be retried");
  }

  /** Counts one more replaced thread. False if there were too many: the error does not pass. */
  synchronized boolean takeRejoin() {
    long now = System.nanoTime();
    if (rejoins == 0 || now - firstRejoinNanos > REJOINS_PER.toNanos()) {
      rejoins = 0;
      firstRejoinNanos = now;
    }
    return rejoins++ < MAX_REJOINS;
  }

  /**
   * The error message: why it stopped, and whether a restart helps. Only a failure that Kafka calls
   * retriable may be gone by then.
   */
  static String message(Throwable failure) {
    if (failure instanceof AppException) {
      return "stopped: " + failure.getMessage();
    }
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof BrokenStoreException) {
        return "stopped: " + cause.getMessage();
      }
    }
    boolean retriable = false;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      retriable |= cause instanceof RetriableException || isTimedOutCommit(cause);
      if (cause instanceof AuthorizationException) {
        return "stopped: a right is missing: %s; undercurrent doctor says which and how to give it"
            .formatted(AppException.oneLine(cause));
      }
      if (cause instanceof AuthenticationException refused) {
        LoginFailure login = LoginFailure.of(refused);
        return "stopped: %s; %s".formatted(login.found(), login.remedy());
      }
    }
    return "stopped: %s; %s".formatted(AppException.oneLine(failure), advice(failure, retriable));
  }

  private static String advice(Throwable failure, boolean retriable) {
    if (retriable) {
      return "a restart continues after the last commit";
    }
    String refusal = refusal(failure);
    if (refusal != null) {
      return refusal
          + ": a restart reads the topic's limits again, and continues after the last commit";
    }
    return Remedy.of(failure)
        .map(remedy -> remedy + ": a restart continues after the last commit")
        .orElse(
            "fix that first: a restart continues after the last commit and may stop there again");
  }
}
