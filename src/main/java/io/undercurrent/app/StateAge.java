package io.undercurrent.app;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;

/**
 * Whether states on disk are too old to continue with. A changelog keeps the deletion of a key only
 * for {@code delete.retention.ms}. States that are older have not seen a deletion that is no longer
 * there, so a key that was forgotten would be back. Stateless.
 */
final class StateAge {

  private static final Duration MAX_MARGIN = Duration.ofHours(1);

  private final Topics topics;

  StateAge(Topics topics) {
    this.topics = topics;
  }

  /**
   * Says why the states in the folder must not be used; empty if they may.
   *
   * <p>The clock of this machine may have been set meanwhile. States from the future are of unknown
   * age, so they are too old as well. To give up states costs only the time to restore them.
   *
   * @param changelogs of the states; those that do not exist are ignored
   * @throws AppException if the brokers do not answer, or the folder cannot be read
   */
  Optional<String> tooOld(Admin admin, StateFolder folder, List<String> changelogs, Instant now) {
    Optional<Instant> complete = folder.lastComplete();
    if (complete.isEmpty()) {
      return Optional.empty();
    }
    Duration age = Duration.between(complete.get(), now);
    Map<String, TopicSettings> found = topics.knownSettings(admin, changelogs, List.of());
    for (Map.Entry<String, TopicSettings> changelog : found.entrySet()) {
      Duration kept = changelog.getValue().deleteRetention();
      if (isTooOld(age, kept)) {
        return Optional.of(
            "the states in %s were last complete at %s, and topic %s keeps deletions for only %d s (delete.retention.ms)"
                .formatted(folder, complete.get(), changelog.getKey(), kept.toSeconds()));
      }
    }
    return Optional.empty();
  }

  /** With a margin, because deletions are read some time after the start. */
  static boolean isTooOld(Duration age, Duration kept) {
    Duration tenth = kept.dividedBy(10);
    Duration margin = tenth.compareTo(MAX_MARGIN) < 0 ? tenth : MAX_MARGIN;
    return age.compareTo(kept.minus(margin)) > 0 || age.compareTo(margin.negated()) < 0;
  }
}
