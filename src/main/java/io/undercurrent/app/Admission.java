package io.undercurrent.app;

import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Decides whether an instance may process: whether it runs what its application runs, whether the
 * application's committed offsets are there, and whether the states on disk can be continued.
 * Immutable.
 */
final class Admission {

  private final TopologyDefinition definition;
  private final EnrichmentSettings enrichment;
  private final Model model;
  private final StreamsConfig streams;
  private final StateFolder folder;
  private final Topics topics;

  /**
   * @param enrichment with the definition's settings
   * @param model with the state precision of the settings
   */
  Admission(
      TopologyDefinition definition,
      EnrichmentSettings enrichment,
      Model model,
      StreamsConfig streams,
      StateFolder folder,
      Topics topics) {
    this.definition = definition;
    this.enrichment = enrichment;
    this.model = model;
    this.streams = streams;
    this.folder = folder;
    this.topics = topics;
  }

  /**
   * An instance that may process.
   *
   * @param identity what it runs
   * @param tooOld the folders of tasks whose states must be deleted before it starts
   */
  record Admitted(RunIdentity identity, Set<Path> tooOld) {}

  /**
   * Checks an instance that starts.
   *
   * @param limits what the topics accept
   * @param changelogs of the states, the one of the keys' states first
   * @throws AppException if it may not process; the message says what to do
   */
  Admitted check(StartOptions options, TopicLimits limits, List<String> changelogs) {
    RunIdentity identity = identity(limits);
    try (Admin admin = topics.admin();
        AgreedSettings settings = agreedSettings()) {
      Optional<RunIdentity> before = settings.check(admin, identity, options.changeSettings());
      RunIdentity ran = before.map(known -> known.over(identity)).orElse(identity);
      new LostOffsets(definition, streams, changelogs.get(0), LostOffsets.PATIENCE)
          .check(admin, ran, identity, options.withoutOffsets());
      settings.keep(identity, before);
      return new Admitted(
          identity, new StateAge(topics).tooOld(admin, folder, changelogs, Instant.now()));
    }
  }

  private RunIdentity identity(TopicLimits limits) {
    Integer accepted = limits.maxBytes().get(definition.enriched());
    return RunIdentity.of(
        definition,
        enrichment,
        model,
        accepted == null ? null : Math.min(enrichment.maxRecordBytes(), accepted));
  }

  /** The settings that all instances agree on; to be closed. */
  AgreedSettings agreedSettings() {
    return new AgreedSettings(
        streams.getString(StreamsConfig.APPLICATION_ID_CONFIG),
        folder,
        new SettingsTopic(streams),
        new GroupMembers(streams));
  }
}
