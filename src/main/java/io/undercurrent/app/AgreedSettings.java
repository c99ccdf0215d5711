package io.undercurrent.app;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings that all instances of an application must have, because they decide the bytes of its
 * output. They are those of the instance that started first. The {@link SettingsTopic} has them; if
 * it is new, the {@link StateFolder}. Used by one thread at a time.
 */
final class AgreedSettings implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(AgreedSettings.class);
  private static final int ATTEMPTS = 5;

  private final String application;
  private final StateFolder folder;
  private final SettingsTopic topic;
  private final GroupMembers members;
  private boolean warned; // that others may write larger records

  AgreedSettings(
      String application, StateFolder folder, SettingsTopic topic, GroupMembers members) {
    this.application = application;
    this.folder = folder;
    this.topic = topic;
    this.members = members;
  }

  /**
   * Checks the settings of an instance that starts. Keeps nothing yet.
   *
   * @param ours what the instance runs
   * @param change whether other settings than before are wanted; they are accepted only while no
   *     instance runs
   * @return what the application ran before; empty if that is not known
   * @throws AppException if the settings differ and may not, or the brokers do not answer or permit
   */
  Optional<RunIdentity> check(Admin admin, RunIdentity ours, boolean change) {
    topic.create(admin);
    Optional<RunIdentity> before = before(topic.read());
    if (before.isPresent()) {
      List<String> differences = differences(ours, before.get());
      if (!differences.isEmpty()) {
        if (!change) {
          throw refused(ours, before.get(), differences);
        }
        requireNoMembers(admin);
        log.warn("the settings of {} change: {}", application, String.join("; ", differences));
      }
    }
    return before;
  }

  /**
   * Keeps the settings of an instance that starts.
   *
   * @param checked what {@link #check} has found
   * @throws AppException if others have kept different ones since then, or the brokers do not
   *     answer or permit
   */
  void keep(RunIdentity ours, Optional<RunIdentity> checked) {
    for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
      Optional<SettingsTopic.Entry> kept = topic.read();
      Optional<RunIdentity> before = before(kept);
      if (before.isPresent() && !before.equals(checked)) { // others have written
        List<String> differences = differences(ours, before.get());
        if (!differences.isEmpty()) {
          throw refused(ours, before.get(), differences);
        }
      }
      RunIdentity wanted = before.map(ours::over).orElse(ours);
      if (kept.isPresent() && kept.get().identity().equals(wanted)) {
        folder.keep(wanted);
        return;
      }
      topic.write(wanted, kept);
    }
    throw new AppException(
        "other instances of %s change its settings in topic %s all the time: start them one after the other"
            .formatted(application, topic.name()));
  }

  private Optional<RunIdentity> before(Optional<SettingsTopic.Entry> kept) {
    return kept.map(SettingsTopic.Entry::identity).or(folder::runs);
  }

  private static List<String> differences(RunIdentity ours, RunIdentity before) {
    List<String> differences = new ArrayList<>(ours.differences(before));
    if (ours.isSmallerThan(before)) {
      differences.add(
          "the largest enriched record may have %d bytes here, expected at least %d"
              .formatted(ours.largestRecord(), before.largestRecord()));
    }
    return differences;
  }

  private AppException refused(RunIdentity ours, RunIdentity before, List<String> differences) {
    return new AppException(
        "this instance would write other bytes than application %s does: %s. %sUse the same settings. To change them, stop all instances and start one with --change-settings"
            .formatted(
                application,
                String.join("; ", differences),
                ours.isSmallerThan(before)
                    ? "Larger records would become dead letters: see max.message.bytes of topic %s and max.request.size. "
                        .formatted(ours.settings().get("sinks.enriched"))
                    : ""));
  }

  private void requireNoMembers(Admin admin) {
    List<String> hosts = members.hosts(admin);
    if (!hosts.isEmpty()) {
      throw new AppException(
          "--change-settings is possible only while no other instance of %s runs, found %d in its group (%s): stop them; one that was killed leaves the group after session.timeout.ms (45 s)"
              .formatted(
                  application,
                  hosts.size(),
                  String.join(", ", hosts.stream().distinct().toList())));
    }
  }

  /**
   * Whether the application's settings still are those of a running instance.
   *
   * @return what is wrong, in one line; empty if nothing is
   * @throws AppException if the brokers do not answer or do not permit to ask
   */
  Optional<String> changed(RunIdentity ours) {
    Optional<RunIdentity> agreed = topic.read().map(SettingsTopic.Entry::identity);
    if (!warned && agreed.isPresent() && ours.isSmallerThan(agreed.get())) {
      warned = true;
      log.warn(
          "the largest enriched record of {} may have {} bytes since another instance started, but"
              + " this instance makes dead letters of records with more than {} bytes. With its"
              + " limits it cannot start again: see max.request.size and max.message.bytes of topic"
              + " {}, and start it again",
          application,
          agreed.get().largestRecord(),
          ours.largestRecord(),
          ours.settings().get("sinks.enriched"));
    }
    List<String> differences = agreed.map(kept -> ours.differences(kept)).orElse(List.of());
    return differences.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "the settings of %s were changed while this instance ran: %s. Give it the same settings and start it again"
                .formatted(application, String.join("; ", differences)));
  }

  @Override
  public void close() {
    topic.close();
  }
}
