package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.app.ReplayTargets;
import io.undercurrent.app.TopologyDefinition;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.apache.kafka.streams.StreamsConfig;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dead-letters replay}: sends the records of letters to their topics again, once. */
@Command(
    name = "replay",
    description = {
      "Send the records of dead letters to their source topics again.",
      "",
      "A record goes to the topic and partition that it came from, with its key, value, headers and"
          + " timestamp, and one more header that names the letter ("
          + "undercurrent-replay-of). It is sent once: the same transaction writes a marker into the"
          + " dead-letter topic, and a letter with a marker is skipped. If the command is ended"
          + " before it is done, start it again.",
      "",
      "First correct what made the records fail. A record that fails again becomes a new letter"
          + " with the same header."
    },
    footer = {
      "",
      "Examples:",
      "  ./undercurrent dead-letters replay --dry-run",
      "  ./undercurrent dead-letters replay 0/17 2/4",
      "  ./undercurrent dead-letters replay --reason too-large --since 2026-05-31 --yes"
    })
final class DeadLettersReplayCommand extends LetterOptions implements Callable<Integer> {

  @Parameters(
      arity = "0..*",
      paramLabel = "PLACE",
      converter = LetterPlace.Converter.class,
      description = "Only the letters at these places, PARTITION/OFFSET, as list prints them.")
  private Set<LetterPlace> places = new LinkedHashSet<>();

  @Mixin private LetterFilter filter;

  @Option(
      names = "--include-moved",
      description = {
        "Also send records that their keys' states have taken in, or may have. They count twice"
            + " then. Without this option they are skipped."
      })
  private boolean includeMoved;

  @Option(names = "--dry-run", description = "Print what would be sent, and send nothing.")
  private boolean dryRun;

  @Option(names = "--yes", description = "Do not ask before sending.")
  private boolean yes;

  @Spec private CommandSpec spec;

  private final Map<ReplayRules.Skipped, Long> skipped = new EnumMap<>(ReplayRules.Skipped.class);
  private final Map<String, Long> bySource = new TreeMap<>();
  private long present; // records that get the present time
  private long refused;
  private PrintWriter out;

  @Override
  public Integer call() throws IOException {
    out = spec.commandLine().getOut();
    TopologyDefinition definition = definition();
    Predicate<Letter> wanted = wanted(filter.of(definition));
    StreamsConfig streams = toProduce();
    ReplayTargets targets = ReplayTargets.of(definition, streams, DeadLetterTopic.CLIENT_ID);
    String name = definition.deadLetters();
    if (dryRun) {
      DeadLetterTopic topic = DeadLetterTopic.committed(name, streams);
      plan(topic, wanted, new ReplayRules(topic, targets, includeMoved));
      return 0;
    }
    // Checks that the topic exists, which the producer would wait for.
    new WholeTopic(name, streams, DeadLetterTopic.CLIENT_ID).committed();
    ReplayRules[] rules = new ReplayRules[1]; // known when the topic has been read
    try (LetterReplay replay =
        new LetterReplay(name, streams, letter -> rules[0].timestampMs(letter), this::refused)) {
      DeadLetterTopic topic = DeadLetterTopic.written(name, streams);
      rules[0] = new ReplayRules(topic, targets, includeMoved);
      if (plan(topic, wanted, rules[0]) == 0 || !yes && !agreed()) {
        return 0;
      }
      topic.read(
          letter -> {
            if (wanted.test(letter) && rules[0].skipped(letter) == null) {
              replay.add(letter);
            }
          });
      replay.end();
      out.printf("%,d records sent%n", replay.sent());
      out.flush();
    }
    if (refused > 0) {
      throw new AppException(
          "%,d records were not sent, because their topics refuse them".formatted(refused));
    }
    return 0;
  }

  private Predicate<Letter> wanted(Predicate<Letter> matching) {
    return places.isEmpty() ? matching : matching.and(letter -> places.contains(letter.place()));
  }

  /** Says what is sent and what is not. Returns how many records are sent. */
  private long plan(DeadLetterTopic topic, Predicate<Letter> wanted, ReplayRules rules) {
    Set<LetterPlace> missing = new LinkedHashSet<>(places);
    topic.read(
        letter -> {
          missing.remove(letter.place());
          if (wanted.test(letter)) {
            plan(letter, rules);
          }
        });
    missing.forEach(place -> out.printf("%s is not the place of a letter%n", place));
    long count = bySource.values().stream().mapToLong(Long::longValue).sum();
    out.printf("%,d records to send%n", count);
    bySource.forEach((source, records) -> out.printf("  %,d to %s%n", records, source));
    if (present > 0) {
      out.printf(
          "  %,d of them get the present time, because their topics would refuse or delete the old one%n",
          present);
    }
    skipped.forEach((why, letters) -> out.printf("skipped %,d: %s%n", letters, why.why()));
    if (topic.others() > 0) {
      out.printf("skipped %,d records without the headers of a letter%n", topic.others());
    }
    out.flush();
    return count;
  }

  private void plan(Letter letter, ReplayRules rules) {
    ReplayRules.Skipped why = rules.skipped(letter);
    if (why != null) {
      skipped.merge(why, 1L, Long::sum);
    } else {
      bySource.merge(letter.topic(), 1L, Long::sum);
      present += rules.timestampMs(letter) == null ? 1 : 0;
    }
    if (dryRun) {
      out.printf(
          "%-10s  %-22s  %s%n",
          letter.place(),
          letter.reason(),
          why == null
              ? "-> %s, partition %d".formatted(letter.topic(), letter.partition())
              : "skipped: " + why.why());
    }
  }

  private void refused(Letter letter, String why) {
    refused++;
    out.printf("%s was not sent: %s%n", letter.place(), Printable.of(why));
    out.flush();
  }

  private boolean agreed() throws IOException {
    out.print("send them? [y/N] ");
    out.flush();
    String answer =
        new BufferedReader(new InputStreamReader(System.in, Charset.defaultCharset())).readLine();
    if (answer == null) {
      throw new AppException("nothing was sent, because there was no answer: --yes sends them");
    }
    boolean agreed = answer.strip().toLowerCase(Locale.ROOT).matches("y|yes");
    if (!agreed) {
      out.println("nothing was sent");
      out.flush();
    }
    return agreed;
  }
}
