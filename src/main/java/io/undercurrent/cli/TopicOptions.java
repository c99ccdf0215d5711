package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.train.Recipe;
import io.undercurrent.train.RecipeException;
import io.undercurrent.train.Snapshot;
import java.io.PrintWriter;
import picocli.CommandLine.Option;

/**
 * Options of {@code train --from-topic}: the topic, the connection, and the fields of its records.
 */
final class TopicOptions extends ConnectionOptions {

  private static final String CLIENT_ID = "undercurrent-train";

  @Option(
      names = "--from-topic",
      required = true,
      paramLabel = "TOPIC",
      description = {
        "Train on this topic's records instead of the recipe's training sources. The topic is read"
            + " once, from its beginning to its present end, and kept in the run's folder"
            + " (topic.jsonl). Values are JSON objects with a text and a label: negative, neutral or"
            + " positive, or a label of the recipe's first training source. The records of a key are"
            + " a conversation. Tombstones are skipped."
      })
  private String topic;

  @Option(
      names = "--text-field",
      paramLabel = "NAME",
      description = "Field with the text (default: text).")
  private String textField = "text";

  @Option(
      names = "--label-field",
      paramLabel = "NAME",
      description = "Field with the label (default: label).")
  private String labelField = "label";

  @Option(
      names = "--skip-bad",
      description =
          "Skip and count records that cannot be used. Without this option the first such record"
              + " ends the command.")
  private boolean skipBad;

  /** Makes an empty snapshot for the topic's records. */
  Snapshot snapshot(Recipe recipe) {
    return new Snapshot(recipe, topic, textField, labelField);
  }

  /**
   * Reads the topic into a snapshot.
   *
   * @throws AppException if the topic cannot be read, has no usable record, or has a bad record and
   *     {@code --skip-bad} is not given
   */
  void read(Snapshot snapshot, PrintWriter err) {
    WholeTopic source = new WholeTopic(topic, toRead(), CLIENT_ID);
    int[] tombstones = {0};
    int[] bad = {0};
    try (RecordsBar bar = new RecordsBar(err)) {
      bar.says("reading topic " + topic);
      source.read(
          record -> {
            if (record.value() == null) {
              tombstones[0]++;
              return;
            }
            try {
              snapshot.add(record.key(), record.value(), record.partition(), record.offset());
            } catch (RecipeException e) {
              if (!skipBad) {
                throw new AppException(e.getMessage() + " (--skip-bad skips such records)", e);
              }
              if (bad[0]++ == 0) {
                bar.says("skipping bad records, the first: " + e.getMessage());
              }
            }
          },
          (done, all) -> bar.read(topic, done, all));
      bar.says(
          String.format(
              "topic %s: %,d records of %,d conversations; skipped: %,d tombstones, %,d bad",
              topic, snapshot.records(), snapshot.conversations(), tombstones[0], bad[0]));
    }
    if (snapshot.records() == 0) {
      throw new AppException(
          "topic %s must have at least one labelled record, found %s"
              .formatted(
                  topic,
                  tombstones[0] + bad[0] == 0
                      ? "none"
                      : tombstones[0] + " tombstones and " + bad[0] + " bad records"));
    }
  }
}
