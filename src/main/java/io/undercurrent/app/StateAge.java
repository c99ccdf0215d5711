package io.undercurrent.app;

import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether states on disk are too old to continue with. A changelog keeps the deletion of a key only
 * for {@code delete.retention.ms}. States that are older have not seen a deletion that is no longer
 * there, so a key that was forgotten would be back. Stateless.
 */
final class StateAge {

  private static final Logger log = LoggerFactory.getLogger(StateAge.class);
  private static final Duration MAX_MARGIN = Duration.ofHours(1);

  private final Topics topics;

  StateAge(Topics topics) {
    this.topics = topics;
  }

  /**
   * The folders of tasks whose states must not be used. Logs why.
   *
   * <p>The clock of this machine may have been set meanwhile. States from the future are of unknown
   * age, so they are too old as well. To give up states costs only the time to restore them.
   *
   * @param changelogs of the states; those that do not exist are ignored
   * @throws AppException if the brokers do not answer, or the folder cannot be read
   */
  Set<Path> tooOld(Admin admin, StateFolder folder, List<String> changelogs, Instant now) {
    Map<Path, Instant> tasks = folder.tasks();
    if (tasks.isEmpty()) {
      return Set.of();
    }
    Set<Path> tooOld = new TreeSet<>();
    topics
        .knownSettings(admin, changelogs, List.of())
        .forEach(
            (changelog, settings) -> {
              Duration kept = settings.deleteRetention();
              tasks.forEach(
                  (task, complete) -> {
                    if (isTooOld(Duration.between(complete, now), kept) && tooOld.add(task)) {
                      log.warn(
                          "the states in {} are from {}. Topic {} keeps deletions only for {} s"
                              + " (delete.retention.ms), so these states are deleted and restored"
                              + " from the topic",
                          task,
                          complete,
                          changelog,
                          kept.toSeconds());
                    }
                  });
            });
    return tooOld;
  }

  /** With a margin, because deletions are read some time after the start. */
  static boolean isTooOld(Duration age, Duration kept) {
    Duration tenth = kept.dividedBy(10);
    Duration margin = tenth.compareTo(MAX_MARGIN) < 0 ? tenth : MAX_MARGIN;
    return age.compareTo(kept.minus(margin)) > 0 || age.compareTo(margin.negated()) < 0;
  }
}
