package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.train.Recipe;
import io.undercurrent.train.RecipeException;
import io.undercurrent.train.Snapshot;
import java.io.PrintWriter;
import picocli.CommandLine.Option;

/** Which topic is learnt from, where it is, and what its records look like. */
final class TopicOptions extends ConnectionOptions {

  @Option(
      names = "--from-topic",
      required = true,
      paramLabel = "TOPIC",
      description = {
        "Learn from this topic's records in place of the recipe's training sources: from its"
            + " beginning to where it ends now, read once and kept in the run's folder"
            + " (topic.jsonl). Values are JSON objects with a text and a label: negative, neutral or"
            + " positive, or what the recipe's first training source has as labels. Records of one"
            + " key are a conversation; tombstones are left out."
      })
  private String topic;

  @Option(
      names = "--text-field",
      paramLabel = "NAME",
      description = "The field of a value that is its text (default: text).")
  private String textField = "text";

  @Option(
      names = "--label-field",
      paramLabel = "NAME",
      description = "The field of a value that is its label (default: label).")
  private String labelField = "label";

  @Option(
      names = "--skip-bad",
      description =
          "Count and leave out records that cannot be used. Without it the first of them ends the"
              + " command, and nothing is learnt.")
  private boolean skipBad;

  /** What the topic's records go into; empty yet. */
  Snapshot snapshot(Recipe recipe) {
    return new Snapshot(recipe, topic, textField, labelField);
  }

  /**
   * Fills it.
   *
   * @throws AppException if the topic cannot be read, has a bad record or no good one
   */
  void read(Snapshot snapshot, PrintWriter err) {
    LabelledTopic source = new LabelledTopic(topic, toRead());
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
                throw new AppException(e.getMessage() + " (--skip-bad leaves such records out)", e);
              }
              if (bad[0]++ == 0) {
                bar.says("leaving out bad records, first " + e.getMessage());
              }
            }
          },
          (done, all) -> bar.read(topic, done, all));
      bar.says(
          String.format(
              "topic %s: %,d records of %,d conversations; left out: %,d tombstones, %,d bad",
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
