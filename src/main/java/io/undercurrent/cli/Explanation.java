package io.undercurrent.cli;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.Attention;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichedRecord.PastRecord;
import io.undercurrent.enrich.EnrichedRecord.Sentiment;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Describes an enriched record in words: its sentiment, whether it ends here, the past records it
 * looked back at, and the first words of the next record.
 */
final class Explanation {

  /** The most labels that are listed with their probability. */
  private static final int MAX_LABELS = 5;

  private Explanation() {}

  /** Several lines, each with its line end. */
  static String of(EnrichedRecord record) {
    StringBuilder text = new StringBuilder();
    line(text, "%s, record %d: %s", record.key(), record.conversation().records(), record.text());
    if (record.sentiment() == null) {
      line(text, "  has no words");
      return text.toString();
    }
    Sentiment sentiment = record.sentiment();
    Double mood = record.conversation().score();
    line(
        text,
        "  feels %s%s (%s)%s",
        sentiment.label(),
        sentiment.score() == null ? "" : String.format(Locale.ROOT, " %+.2f", sentiment.score()),
        probabilities(sentiment),
        mood == null ? "" : String.format(Locale.ROOT, ", the conversation %+.2f", mood));
    if (record.sentiment().uncertain()) {
      line(
          text,
          "  is uncertain: %d of %d tokens are unknown",
          record.surprise().unknown(),
          record.surprise().tokens());
    }
    line(text, "  cost %.1f bits a token", record.surprise().bitsPerToken());
    line(text, "  ends here (%s)", percent(record.endProbability()));
    Attention attention = record.attention();
    if (attention != null && attention.nothing() != null) {
      for (PastRecord past : attention.records()) {
        line(
            text,
            "  looked back at record %d (%s): %s",
            past.record(),
            percent(past.weight()),
            past.text());
      }
      line(text, "  looked back at nothing (%s)", percent(attention.nothing()));
    }
    if (!record.next().isEmpty()) {
      line(
          text,
          "  expects next %s",
          record.next().stream()
              .map(next -> expected(next, attention))
              .collect(Collectors.joining(", ")));
    }
    return text.toString();
  }

  /** The labels with their probabilities, in order; of many labels the likeliest, in theirs. */
  private static String probabilities(Sentiment sentiment) {
    Stream<Map.Entry<String, Double>> labels = sentiment.probabilities().entrySet().stream();
    if (sentiment.probabilities().size() > MAX_LABELS) {
      labels =
          labels.sorted(Map.Entry.<String, Double>comparingByValue().reversed()).limit(MAX_LABELS);
    }
    return labels
        .map(label -> label.getKey() + " " + percent(label.getValue()))
        .collect(Collectors.joining(", "));
  }

  /** A next token, its probability, and the past positions that the cache took it from. */
  private static String expected(NextToken next, Attention attention) {
    List<String> positions =
        attention == null
            ? List.of()
            : attention.tokens().stream()
                .filter(past -> past.token().equals(next.token()))
                .map(past -> "token %d of record %d".formatted(past.position(), past.record()))
                .toList();
    return next.token()
        + " ("
        + percent(next.probability())
        + (positions.isEmpty() ? "" : "; from " + String.join(" and ", positions))
        + ")";
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }

  /** Adds one line. White space in the values becomes a space. */
  private static void line(StringBuilder to, String format, Object... values) {
    String line = String.format(Locale.ROOT, format, values).replaceAll("[\t\n\r\f]", " ");
    to.append(Printable.of(line)).append('\n');
  }
}
