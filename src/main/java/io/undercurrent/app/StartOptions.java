package io.undercurrent.app;

/**
 * What an instance may do at its start. Immutable.
 *
 * @param createTopics whether to create missing topics
 * @param addPartitions whether to give Kafka Streams' internal topics as many partitions as the
 *     source topics
 * @param changeSettings whether the application may change what decides the bytes of its output; no
 *     other instance may run then
 * @param withoutOffsets where to go on in partitions whose committed offsets are lost; null to
 *     refuse the start
 */
public record StartOptions(
    boolean createTopics,
    boolean addPartitions,
    boolean changeSettings,
    WithoutOffsets withoutOffsets) {

  /** Changes nothing. */
  public static final StartOptions NONE = new StartOptions(false, false, false, null);

  /** Creates missing topics, and changes nothing else. */
  public static final StartOptions CREATE_TOPICS = new StartOptions(true, false, false, null);

  public StartOptions withAddPartitions() {
    return new StartOptions(createTopics, true, changeSettings, withoutOffsets);
  }

  public StartOptions withChangeSettings() {
    return new StartOptions(createTopics, addPartitions, true, withoutOffsets);
  }

  public StartOptions withWithoutOffsets(WithoutOffsets choice) {
    return new StartOptions(createTopics, addPartitions, changeSettings, choice);
  }
}
