package io.undercurrent.cli;

import io.undercurrent.app.ReplayTargets;

/** Which letters may be sent again. Immutable. */
final class ReplayRules {

  private final DeadLetterTopic topic;
  private final ReplayTargets targets;
  private final boolean includeMoved;

  /** Why a letter is not sent again. */
  enum Skipped {
    REPLAYED("was sent again before"),
    NO_SOURCE("does not come from a source topic of the topology"),
    TOPIC_GONE("comes from a topic that does not exist any more"),
    PARTITION_GONE("comes from a partition that does not exist any more"),
    NO_RECORD("lacks the record's key and value: see the record at its source"),
    MOVED("its key's state has taken the record in, and would take it in twice (--include-moved)"),
    STATE_UNKNOWN("its key's state may have taken the record in (--include-moved)");

    private final String why;

    Skipped(String why) {
      this.why = why;
    }

    String why() {
      return why;
    }
  }

  ReplayRules(DeadLetterTopic topic, ReplayTargets targets, boolean includeMoved) {
    this.topic = topic;
    this.targets = targets;
    this.includeMoved = includeMoved;
  }

  /** Null if the letter is sent again. */
  Skipped skipped(Letter letter) {
    if (topic.replayedTo(letter.place()) != null) {
      return Skipped.REPLAYED;
    }
    if (!targets.has(letter.topic())) {
      return Skipped.NO_SOURCE;
    }
    if (targets.partitions(letter.topic()) == 0) {
      return Skipped.TOPIC_GONE;
    }
    if (letter.partition() >= targets.partitions(letter.topic())) {
      return Skipped.PARTITION_GONE;
    }
    if (!letter.hasRecord()) {
      return Skipped.NO_RECORD;
    }
    if (includeMoved || letter.state() == Letter.State.UNCHANGED) {
      return null;
    }
    return letter.state() == Letter.State.MOVED ? Skipped.MOVED : Skipped.STATE_UNKNOWN;
  }

  /** The timestamp that the record gets; null for the time at which it is sent. */
  Long timestampMs(Letter letter) {
    return targets.keeps(letter.topic(), letter.timestampMs()) ? letter.timestampMs() : null;
  }
}
