package io.undercurrent.cli;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichedRecord.Sentiment;
import io.undercurrent.model.Labels;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Help.Ansi.Style;
import picocli.CommandLine.Help.ColorScheme;

/**
 * Prints enriched records for a person, one line each, and the mood of each conversation at the
 * end. Used by one thread.
 */
final class RecordPrinter {

  private static final int KEY_WIDTH = 18;
  private static final int MIN_TEXT_WIDTH = 24;
  private static final int AROUND_TEXT =
      KEY_WIDTH + 50; // the other columns and the spaces between them
  private static final int WORDS = 3;
  private static final String LEVELS = "▁▂▃▄▅▆▇█";

  private final PrintStream out;
  private final ColorScheme colours;
  private final int textWidth;
  private final Map<String, List<Double>> moods = new TreeMap<>();

  /**
   * @param ansi whether to print colours
   * @param columns the width of a line, in columns
   */
  RecordPrinter(PrintStream out, Ansi ansi, int columns) {
    this.out = out;
    colours = CommandLine.Help.defaultColorScheme(ansi);
    textWidth = Math.max(MIN_TEXT_WIDTH, columns - AROUND_TEXT);
  }

  /** Prints the names of the columns. */
  void header() {
    out.println(
        paint(
            Style.faint,
            pad("conversation", KEY_WIDTH)
                + "  feels             mood   "
                + pad("message", textWidth)
                + "  next words"));
  }

  /** Prints one record. */
  void print(EnrichedRecord record) {
    Double mood = record.conversation().score();
    if (record.sentiment() != null) {
      moods.computeIfAbsent(record.key(), k -> new ArrayList<>());
    }
    if (mood != null) {
      moods.computeIfAbsent(record.key(), k -> new ArrayList<>()).add(mood);
    }
    String next =
        record.next().stream()
            .map(NextToken::token)
            .filter(RecordPrinter::isWord)
            .limit(WORDS)
            .collect(Collectors.joining(" · "));
    out.println(
        paint(Style.bold, pad(record.key(), KEY_WIDTH))
            + "  "
            + feeling(record)
            + "  "
            + (mood == null ? "     " : paint(colourOf(mood), signed(mood)))
            + "  "
            + pad(record.text(), textWidth)
            + "  "
            + paint(Style.faint, oneLine(next)));
  }

  /**
   * Whether a token has letters or emoji. Others, such as a full stop, are not printed as next
   * words.
   */
  private static boolean isWord(String token) {
    return token.codePoints().anyMatch(c -> c >= 'a' && c <= 'z' || c >= 0x2600);
  }

  /** Prints a message that became a dead letter. */
  void printDeadLetter(String reason, String value) {
    out.println(
        paint(Style.fg_yellow, pad("dead letter", KEY_WIDTH) + "  " + oneLine(reason) + ": ")
            + pad(value, textWidth).stripTrailing());
  }

  private String feeling(EnrichedRecord record) {
    if (record.sentiment() == null) {
      return pad("(nothing read)", 16);
    }
    Sentiment sentiment = record.sentiment();
    int direction = direction(sentiment);
    String sign = direction > 0 ? "+" : direction < 0 ? "-" : "·";
    Style colour = direction > 0 ? Style.fg_green : direction < 0 ? Style.fg_red : Style.faint;
    String number =
        sentiment.score() == null
            ? String.format(Locale.ROOT, "%.0f %%", 100 * sentiment.probability())
            : signed(sentiment.score());
    return paint(colour, pad(sign + " " + sentiment.label(), 10) + " " + pad(number, 5));
  }

  /**
   * Whether a sentiment is good (1), bad (-1) or neither (0): by its label if it is one of the
   * usual three, otherwise by its score.
   */
  private static int direction(Sentiment sentiment) {
    return switch (sentiment.label()) {
      case Labels.POSITIVE -> 1;
      case Labels.NEUTRAL -> 0;
      case Labels.NEGATIVE -> -1;
      default -> sentiment.score() == null ? 0 : direction(sentiment.score());
    };
  }

  /**
   * Prints the mood of every conversation over time, the lowest first; nothing for a model whose
   * labels have no valences.
   */
  void moods() {
    if (moods.values().stream().allMatch(List::isEmpty)) {
      return;
    }
    out.println(paint(Style.bold, "Mood of each conversation, from its first message to its last"));
    moods.entrySet().stream()
        .filter(e -> !e.getValue().isEmpty())
        .sorted(Comparator.comparingDouble(e -> last(e.getValue())))
        .forEach(
            e ->
                out.println(
                    "  "
                        + pad(e.getKey(), KEY_WIDTH + 2)
                        + paint(colourOf(last(e.getValue())), signed(last(e.getValue())))
                        + "  "
                        + bars(e.getValue())));
  }

  int conversations() {
    return moods.size();
  }

  private static double last(List<Double> moods) {
    return moods.get(moods.size() - 1);
  }

  /** The mood over time as at most 40 bars, evenly spread over the records. */
  private static String bars(List<Double> moods) {
    StringBuilder bars = new StringBuilder();
    int points = Math.min(40, moods.size());
    for (int i = 0; i < points; i++) {
      double mood = moods.get(points == 1 ? 0 : i * (moods.size() - 1) / (points - 1));
      bars.append(LEVELS.charAt((int) Math.min(7, (mood + 1) * 4)));
    }
    return bars.toString();
  }

  private static Style colourOf(double mood) {
    int direction = direction(mood);
    return direction > 0 ? Style.fg_green : direction < 0 ? Style.fg_red : Style.fg_yellow;
  }

  private static int direction(double score) {
    return score > 0.2 ? 1 : score < -0.2 ? -1 : 0;
  }

  private static String signed(double value) {
    return String.format(Locale.ROOT, "%+.2f", value);
  }

  /** One line of printable text: white space and other ends of lines become a space. */
  private static String oneLine(String text) {
    return Printable.of(text.replaceAll("[\\s\\x{85}\\x{2028}\\x{2029}]+", " ").strip());
  }

  /** Cuts or fills a text to a width. Emoji take two columns on a terminal. */
  private static String pad(String anyText, int width) {
    String text = oneLine(anyText);
    StringBuilder padded = new StringBuilder();
    int columns = 0;
    int i = 0;
    while (i < text.length()) {
      int c = text.codePointAt(i);
      int wide = c >= 0x1F300 ? 2 : c == 0xFE0F || c == 0x200D ? 0 : 1;
      boolean last = i + Character.charCount(c) == text.length();
      if (columns + wide > (last ? width : width - 1)) {
        padded.append('…');
        columns++;
        break;
      }
      padded.appendCodePoint(c);
      columns += wide;
      i += Character.charCount(c);
    }
    return padded.append(" ".repeat(Math.max(0, width - columns))).toString();
  }

  private String paint(Style style, String text) {
    return colours.apply(text, List.of(style)).toString();
  }
}
