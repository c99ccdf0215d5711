package io.undercurrent.app;

import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.model.Model;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.streams.StreamsConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides whether an instance may process: whether it runs what its application runs, whether the
 * application's committed offsets are there, and whether the states on disk can be continued.
 * Immutable.
 */
final class Admission {

  private static final Logger log = LoggerFactory.getLogger(Admission.class);

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
   * Checks an instance that starts.
   *
   * @param limits what the topics accept
   * @param changelogs of the states
   * @return whether the states on disk must be deleted before they are used
   * @throws AppException if it may not process; the message says what to do
   */
  boolean check(StartOptions options, TopicLimits limits, List<String> changelogs) {
    try (Admin admin = topics.admin();
        AgreedSettings settings = agreedSettings()) {
      settings.require(admin, identity(limits), options.changeSettings());
      new LostOffsets(definition, streams, changelogs.get(0))
          .check(admin, options.withoutOffsets());
      Instant now = Instant.now();
      Optional<String> tooOld = new StateAge(topics).tooOld(admin, folder, changelogs, now);
      tooOld.ifPresent(why -> log.warn("{}: they are deleted, and restored from there", why));
      return tooOld.isPresent();
    }
  }

  /** What this instance runs. */
  RunIdentity identity(TopicLimits limits) {
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
