package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.app.ReplayTargets;
import io.undercurrent.app.TopologyDefinition;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.streams.StreamsConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dead-letters show}: one letter whole. */
@Command(
    name = "show",
    description = {
      "Show one dead letter: headers, message, key and value, and what replay would do with it.",
      "",
      "Characters that do not print are shown as escapes such as \\u001b. Changes nothing."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent dead-letters show 0/17",
      "  ./undercurrent dead-letters show 0/17 --json --topology topology/enrich-by-field.yaml"
    })
final class DeadLettersShowCommand extends LetterOptions implements Callable<Integer> {

  @Parameters(
      index = "0",
      paramLabel = "PLACE",
      converter = LetterPlace.Converter.class,
      description = "Its place, PARTITION/OFFSET, as list prints it.")
  private LetterPlace place;

  @Option(names = "--json", description = "Print one line of JSON. Non-ASCII is escaped.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    TopologyDefinition definition = definition();
    StreamsConfig streams = toRead();
    DeadLetterTopic topic = DeadLetterTopic.committed(definition.deadLetters(), streams);
    Letter letter = topic.at(place);
    if (letter == null) {
      throw new AppException(
          "%s must be the place of a letter in %s, found none there: dead-letters list prints the places"
              .formatted(place, definition.deadLetters()));
    }
    ReplayTargets targets = ReplayTargets.of(definition, streams, DeadLetterTopic.CLIENT_ID);
    ReplayRules rules = new ReplayRules(topic, targets, false);
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(
          LetterJson.whole(letter, topic.replayedTo(letter.place()), replay(letter, topic, rules)));
    } else {
      print(letter, out);
      out.printf("replay     %s%n", Printable.of(replay(letter, topic, rules)));
    }
    out.flush();
    return 0;
  }

  private static void print(Letter letter, PrintWriter out) {
    out.printf("place      %s%n", letter.place());
    out.printf("time       %s%n", Instant.ofEpochMilli(letter.timeMs()));
    out.printf("reason     %s%n", letter.reason());
    out.printf("message    %s%n", Printable.of(letter.message()));
    out.printf("source     %s%n", Printable.of(letter.source()));
    out.printf("state      %s%n", letter.state());
    if (letter.replayOf() != null) {
      out.printf("replay of  %s%n", Printable.of(letter.replayOf()));
    }
    out.println("headers");
    for (Header header : letter.record().headers()) {
      out.printf("  %s%n", Printable.of(header.key()));
      indented(header.value(), "    ", out);
    }
    out.println("key");
    indented(letter.record().key(), "  ", out);
    out.println("value");
    indented(letter.record().value(), "  ", out);
  }

  private static void indented(byte[] bytes, String indent, PrintWriter out) {
    LetterBytes.printable(bytes).lines().forEach(line -> out.println(indent + line));
  }

  private static String replay(Letter letter, DeadLetterTopic topic, ReplayRules rules) {
    ReplayRules.Skipped skipped = rules.skipped(letter);
    if (skipped == ReplayRules.Skipped.REPLAYED) {
      return "skips it: was sent again before, to " + topic.replayedTo(letter.place());
    }
    if (skipped != null) {
      return "skips it: " + skipped.why();
    }
    return "sends the record to %s, partition %d, with %s"
        .formatted(
            letter.topic(),
            letter.partition(),
            rules.timestampMs(letter) == null
                ? "the present time, because the topic would refuse or delete the record's"
                : "its timestamp");
  }
}
