package io.undercurrent.cli;

import io.undercurrent.app.AppException;
import io.undercurrent.app.TopologyDefinition;
import io.undercurrent.metrics.DeadLetterReason;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** Options that choose letters. A letter must match all of them. */
final class LetterFilter {

  @Option(
      names = "--reason",
      paramLabel = "REASON",
      split = ",",
      completionCandidates = Reasons.class,
      converter = ReasonConverter.class,
      description = "Only letters of these reasons: ${COMPLETION-CANDIDATES}.")
  private Set<String> reasons = Set.of();

  @Option(
      names = "--topic",
      paramLabel = "TOPIC",
      split = ",",
      description = "Only letters whose records were read from these topics.")
  private Set<String> topics = Set.of();

  @Option(
      names = "--state",
      paramLabel = "STATE",
      split = ",",
      description = {
        "Only letters of these: ${COMPLETION-CANDIDATES}. The state of a record's key is"
            + " unchanged if the record failed before or in the enrichment, and moved if it failed"
            + " afterwards."
      })
  private Set<Letter.State> states = Set.of();

  @Option(
      names = "--since",
      paramLabel = "TIME",
      converter = TimeConverter.class,
      description =
          "Only letters whose records have this timestamp or a later one: 2026-05-31,"
              + " 2026-05-31T14:00:00Z, or 90m, 6h, 2d ago.")
  private Instant since;

  @Option(
      names = "--until",
      paramLabel = "TIME",
      converter = TimeConverter.class,
      description = "Only letters whose records have an earlier timestamp.")
  private Instant until;

  @Option(
      names = "--key",
      paramLabel = "KEY",
      description =
          "Only letters whose records have this key. It is written as source.keyEncoding of the"
              + " topology says; if the topology reads keys from values, as text, and it is the key"
              + " of the record.")
  private String key;

  /**
   * What the options say.
   *
   * @throws AppException if the key is not of the definition's encoding
   */
  Predicate<Letter> of(TopologyDefinition definition) {
    byte[] keyBytes = key == null ? null : keyBytes(definition);
    return letter ->
        (reasons.isEmpty() || reasons.contains(letter.reason()))
            && (topics.isEmpty() || topics.contains(letter.topic()))
            && (states.isEmpty() || states.contains(letter.state()))
            && (since == null || letter.timeMs() >= since.toEpochMilli())
            && (until == null || letter.timeMs() < until.toEpochMilli())
            && (keyBytes == null || Arrays.equals(keyBytes, letter.record().key()));
  }

  private byte[] keyBytes(TopologyDefinition definition) {
    try {
      return definition.keyEncoding().bytes(key);
    } catch (IllegalArgumentException e) {
      throw new AppException("--key: " + e.getMessage(), e);
    }
  }

  /** The codes of all reasons. */
  static final class Reasons implements Iterable<String> {

    static List<String> codes() {
      List<String> codes = new ArrayList<>();
      for (DeadLetterReason reason : DeadLetterReason.values()) {
        codes.add(reason.code());
      }
      codes.add(Letter.UNKNOWN);
      return codes;
    }

    @Override
    public Iterator<String> iterator() {
      return codes().iterator();
    }
  }

  /** Refuses a misspelt reason. */
  static final class ReasonConverter implements ITypeConverter<String> {
    @Override
    public String convert(String reason) {
      if (!Reasons.codes().contains(reason)) {
        throw new TypeConversionException(
            "must be one of " + String.join(", ", Reasons.codes()) + ", found " + reason);
      }
      return reason;
    }
  }

  /** Reads a day (UTC), a time, or how long ago it was. */
  static final class TimeConverter implements ITypeConverter<Instant> {

    private static final Pattern AGO = Pattern.compile("([0-9]{1,6})([smhd])");

    @Override
    public Instant convert(String text) {
      Matcher ago = AGO.matcher(text);
      try {
        if (ago.matches()) {
          long number = Long.parseLong(ago.group(1));
          return Instant.now()
              .minus(
                  switch (ago.group(2)) {
                    case "s" -> Duration.ofSeconds(number);
                    case "m" -> Duration.ofMinutes(number);
                    case "h" -> Duration.ofHours(number);
                    default -> Duration.ofDays(number);
                  });
        }
        return text.contains("T")
            ? Instant.parse(text)
            : LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant();
      } catch (DateTimeParseException e) {
        throw new TypeConversionException(
            "must be a day (2026-05-31), a time (2026-05-31T14:00:00Z) or how long ago it was (6h),"
                + " found "
                + text);
      }
    }
  }
}
