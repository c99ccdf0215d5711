package io.undercurrent.cli;

import io.undercurrent.app.TopologyDefinition;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dead-letters list}: one line for each letter, and a count by reason. */
@Command(
    name = "list",
    description = {
      "List a topology's dead letters.",
      "",
      "One line for each: its place, the record's timestamp, the reason, where the record was read"
          + " (topic/partition/offset), whether its key's state has moved, and where the record was"
          + " sent again. Changes nothing."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent dead-letters list",
      "  ./undercurrent dead-letters list --reason malformed-json,missing-text --since 2d --json",
      "  ./undercurrent dead-letters list --bootstrap-server kafka:9092 --state moved --key anna"
    })
final class DeadLettersListCommand extends LetterOptions implements Callable<Integer> {

  private static final String LINE = "%-10s  %-24s  %-22s  %-9s  %-28s  %s%n";

  @Mixin private LetterFilter filter;

  @Option(
      names = "--json",
      description = "Print JSON lines, with the message, and no count. Non-ASCII is escaped.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    TopologyDefinition definition = definition();
    Predicate<Letter> wanted = filter.of(definition);
    DeadLetterTopic topic = DeadLetterTopic.committed(definition.deadLetters(), toRead());
    PrintWriter out = spec.commandLine().getOut();
    Map<String, Long> byReason = new TreeMap<>();
    if (!json) {
      out.printf(LINE, "place", "time", "reason", "state", "source", "sent again to");
    }
    topic.read(
        letter -> {
          if (wanted.test(letter)) {
            byReason.merge(letter.reason(), 1L, Long::sum);
            out.print(line(letter, topic.replayedTo(letter.place())));
          }
        });
    if (!json) {
      out.printf("%s%n", count(definition.deadLetters(), byReason, topic.others()));
    }
    out.flush();
    return 0;
  }

  private String line(Letter letter, String replayedTo) {
    return json
        ? LetterJson.line(letter, replayedTo) + "\n"
        : LINE.formatted(
            letter.place(),
            Instant.ofEpochMilli(letter.timeMs()),
            letter.reason(),
            letter.state(),
            Printable.of(letter.source()),
            replayedTo == null ? "-" : replayedTo.isEmpty() ? "?" : Printable.of(replayedTo));
  }

  private static String count(String topic, Map<String, Long> byReason, long others) {
    long letters = byReason.values().stream().mapToLong(Long::longValue).sum();
    String reasons =
        byReason.entrySet().stream()
            .map(each -> "%,d %s".formatted(each.getValue(), each.getKey()))
            .collect(Collectors.joining(", "));
    return "%,d letters in %s%s%s"
        .formatted(
            letters,
            topic,
            letters == 0 ? "" : ": " + reasons,
            others == 0
                ? ""
                : "; skipped %,d records without the headers of a letter".formatted(others));
  }
}
