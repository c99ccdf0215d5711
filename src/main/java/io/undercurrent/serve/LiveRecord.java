package io.undercurrent.serve;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;

/**
 * One event of the feed.
 *
 * @param number of the event, from 1
 * @param record null where the key was forgotten
 */
record LiveRecord(long number, KeyText key, EnrichedRecord record) {

  private static final int TEXT_CHARS = 200;

  /** The most chars of a text that are kept; a record with a longer text has no exact trace. */
  static final int KEPT_CHARS = 20_000;

  /**
   * The event's fields in {@code /v1/live}.
   *
   * @param texts whether with the text
   */
  ObjectNode summary(boolean texts) {
    if (record == null) {
      ObjectNode json = Answers.object();
      Answers.put(json, key);
      return json.put("forgotten", true);
    }
    return summary(record, texts);
  }

  /** A record's fields in lists. */
  static ObjectNode summary(EnrichedRecord record, boolean texts) {
    ObjectNode json = Answers.object();
    Answers.put(json, keyOf(record));
    json.put("record", record.conversation().records());
    json.put("text", texts ? cut(record.text(), TEXT_CHARS) : null);
    EnrichedRecord.Sentiment sentiment = record.sentiment();
    json.put("label", sentiment == null ? null : sentiment.label());
    json.put("probability", sentiment == null ? null : (float) sentiment.probability());
    json.put("score", sentiment == null ? null : rounded(sentiment.score()));
    json.put("mood", rounded(record.conversation().score()));
    json.put("bits", record.surprise() == null ? null : (float) record.surprise().bitsPerToken());
    json.put("timestamp", record.source() == null ? null : record.source().timestampMs());
    return json;
  }

  private static Float rounded(Double score) {
    return score == null ? null : score.floatValue();
  }

  private static String cut(String text, int max) {
    if (text.length() <= max) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(max - 1)) ? max - 1 : max;
    return text.substring(0, end) + "\u2026";
  }

  /** The event of a record. A text of more than {@value #KEPT_CHARS} chars is cut. */
  static LiveRecord of(long number, EnrichedRecord record) {
    return new LiveRecord(number, keyOf(record), kept(record));
  }

  private static KeyText keyOf(EnrichedRecord record) {
    return new KeyText(record.key(), record.keyEncoding());
  }

  private static EnrichedRecord kept(EnrichedRecord record) {
    return record.text().length() <= KEPT_CHARS
        ? record
        : new EnrichedRecord(
            record.key(),
            record.keyEncoding(),
            cut(record.text(), KEPT_CHARS),
            true,
            record.sentiment(),
            record.endProbability(),
            record.next(),
            record.surprise(),
            record.attention(),
            record.conversation(),
            record.model(),
            record.source());
  }
}
