package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.UsualLabels;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichedRecord.Sentiment;
import io.undercurrent.enrich.EnrichedRecord.Surprise;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Help.Ansi;

class RecordPrinterTest {

  /** Characters that move the cursor, break a line, start an escape code, or turn its direction. */
  private static final String NASTY =
      "a\tb\nc\r\nd\u001b[31me\u0000f\u0007g\u007fh\u009b31mi\u0085j\u2028k\u2029l\u000bm\fn\u202eo\u2066p";

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

  @Test
  void shouldPrintOneLinePerRecord() {
    RecordPrinter printer = new RecordPrinter(out, Ansi.OFF, 140);
    printer.header();
    printer.print(record("order-1187", "still not fixed", "negative", -0.91, -0.62));

    List<String> lines = lines();
    assertThat(lines).hasSize(2);
    assertThat(lines.get(1))
        .isEqualTo(
            "order-1187          - negative -0.91  -0.62  still not fixed"
                + " ".repeat(72 - 15)
                + "  for · you");
    assertThat(lines.get(0).indexOf("mood")).isEqualTo(lines.get(1).indexOf("-0.62"));
    assertThat(lines.get(0).indexOf("message")).isEqualTo(lines.get(1).indexOf("still"));
    assertThat(lines.get(0).indexOf("next words")).isEqualTo(lines.get(1).indexOf("for"));
  }

  @Test
  void shouldReplaceControlCharactersOfTexts() {
    RecordPrinter printer = new RecordPrinter(out, Ansi.OFF, 140);
    printer.print(record(NASTY, NASTY, "positive", 1, 1));
    printer.printDeadLetter("reason " + NASTY, NASTY);
    printer.moods();

    String printed = bytes.toString(StandardCharsets.UTF_8);
    assertThat(printed.lines()).hasSize(4);
    assertThat(printed.replace("\n", "").codePoints()).noneMatch(Printable::isUnsafe);
    assertThat(printed).contains("d\\u001b[3");
  }

  @Test
  void shouldColourOnTerminalsOnly() {
    EnrichedRecord record = record("k", "fine", "positive", 0.5, 0.5);
    new RecordPrinter(out, Ansi.ON, 140).print(record);
    String coloured = bytes.toString(StandardCharsets.UTF_8);
    bytes.reset();
    new RecordPrinter(out, Ansi.OFF, 140).print(record);

    assertThat(coloured).contains("\u001b[32m+ positive");
    assertThat(coloured.replaceAll("\u001b\\[\\d+m", ""))
        .isEqualTo(bytes.toString(StandardCharsets.UTF_8));
  }

  @Test
  void shouldCutLongTextsAndKeepTheColumns() {
    RecordPrinter printer = new RecordPrinter(out, Ansi.OFF, 140);
    String emoji = "\ud83d\ude00";
    List<String> texts =
        List.of(
            "x".repeat(72),
            "x".repeat(73),
            "x".repeat(500),
            emoji.repeat(36),
            emoji.repeat(37),
            "x".repeat(71) + emoji,
            "x".repeat(70) + emoji,
            "x".repeat(69) + emoji + "y");
    texts.forEach(text -> printer.print(record("k", text, "neutral", 0, 0)));

    List<String> lines = lines();
    for (int i = 0; i < texts.size(); i++) {
      String line = lines.get(i);
      assertThat(columns(line.substring(0, line.indexOf("  for")))).as(texts.get(i)).isEqualTo(117);
    }
    assertThat(lines.get(0)).contains("x".repeat(72)).doesNotContain("…");
    assertThat(lines.get(1)).contains("x".repeat(71) + "…");
    assertThat(lines.get(3)).contains(emoji.repeat(36)).doesNotContain("…");
    assertThat(lines.get(4)).contains(emoji.repeat(35) + "…");
    assertThat(lines.get(5)).contains("x".repeat(71) + "…");
    assertThat(lines.get(6)).contains("x".repeat(70) + emoji);
  }

  @Test
  void shouldShowLabelsOfTheModelsOwnByTheSignOfTheirScore() {
    RecordPrinter printer = new RecordPrinter(out, Ansi.OFF, 140);
    printer.print(
        record("k", "superb", new Sentiment("5 stars", 0.8, Map.of("5 stars", 0.9)), 0.8));
    printer.print(record("k", "poor", new Sentiment("2 stars", -0.4, Map.of("2 stars", 0.6)), 0.2));
    printer.print(record("k", "stop", new Sentiment("cancel", null, Map.of("cancel", 0.87)), null));
    printer.moods();

    List<String> lines = lines();
    assertThat(lines.get(0)).contains("  + 5 stars  +0.80  +0.80  superb ");
    assertThat(lines.get(1)).contains("  - 2 stars  -0.40  +0.20  poor ");
    assertThat(lines.get(2)).contains("  \u00b7 cancel   87 %          stop ");
    assertThat(lines.get(4)).startsWith("  k ").contains("+0.20");
  }

  @Test
  void shouldSayIfARecordHasNoWords() {
    RecordPrinter printer = new RecordPrinter(out, Ansi.OFF, 140);
    printer.print(
        new EnrichedRecord(
            "k",
            null,
            "",
            false,
            null,
            List.of(),
            null,
            new Conversation(null, 1, 0),
            new ModelIdentity("tiny", "0123456789ab"),
            null));

    assertThat(lines().get(0)).startsWith("k").contains("(nothing read)");
    assertThat(printer.conversations()).isZero();
  }

  @Test
  void shouldListConversationsFromTheLowestMoodToTheHighest() {
    RecordPrinter printer = new RecordPrinter(out, Ansi.OFF, 140);
    double[] moods = {-1, -0.5, 0, 0.5, 1};
    for (double mood : moods) {
      printer.print(record("better", "x", "neutral", 0, mood));
      printer.print(record("worse", "x", "neutral", 0, -mood));
    }
    for (int i = 0; i < 1000; i++) {
      printer.print(record("long", "x", "neutral", 0, 0.01));
    }
    bytes.reset();

    printer.moods();

    assertThat(printer.conversations()).isEqualTo(3);
    List<String> lines = lines();
    assertThat(lines.get(1)).isEqualTo("  worse               -1.00  █▇▅▃▁");
    assertThat(lines.get(2)).startsWith("  long ").endsWith("+0.01  " + "▅".repeat(40));
    assertThat(lines.get(3)).isEqualTo("  better              +1.00  ▁▃▅▇█");
  }

  private List<String> lines() {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  /** The width of a text on a terminal, where emoji take two columns. */
  private static int columns(String text) {
    return text.codePoints().map(c -> c >= 0x1F300 ? 2 : 1).sum();
  }

  private static EnrichedRecord record(
      String key, String text, String label, double score, double mood) {
    return record(
        key, text, new Sentiment(label, score, UsualLabels.probabilities(0.93, 0.05, 0.02)), mood);
  }

  private static EnrichedRecord record(String key, String text, Sentiment sentiment, Double mood) {
    return new EnrichedRecord(
        key,
        null,
        text,
        false,
        sentiment,
        List.of(new NextToken("for", 0.11), new NextToken("you", 0.08)),
        new Surprise(7.9, 8, 0),
        new Conversation(mood, 3, 27),
        new ModelIdentity("tiny", "0123456789ab"),
        null);
  }
}
