package io.undercurrent.inference;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.inference.Enrichment.Outcome;
import io.undercurrent.metrics.DeadLetterReason;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import java.util.List;

/**
 * The last step of an enrichment: makes the enriched record and the key's next state from the
 * network's reading of a message. Thread-safe.
 */
final class Outcomes {

  private final EnrichedRecords records;
  private final Labels labels;
  private final double halfLifeTokens;

  Outcomes(Model model, double halfLifeTokens) {
    records = new EnrichedRecords(model);
    labels = model.config().labels();
    this.halfLifeTokens = halfLifeTokens;
  }

  /**
   * The outcome of a message.
   *
   * @param before the key's state before the message
   * @param hidden the key's hidden state after the message
   * @param memory the key's memory after the message; null for a model that never looks back
   * @throws BadRecordException if a number is NaN or infinite
   */
  Outcome of(KeyState before, Message message, Reading reading, HiddenState hidden, Memory memory) {
    requireFinite(reading, hidden);
    Double score = before.conversationScore();
    if (reading.tokens() > 0 && labels.hasScore()) {
      float ofRecord = reading.score(labels);
      score =
          ConversationScore.after(
              score, before.tokens(), ofRecord, reading.tokens(), halfLifeTokens);
    }
    KeyState after =
        before.afterRecord(reading.tokens(), message.timestampMs(), score, hidden, memory);
    return new Outcome(
        records.of(message, reading, after),
        after,
        remembered(after),
        forgotten(before, after),
        reading.hit(),
        ageMs(before, message));
  }

  /** The entry that the last record added; null if it added none. */
  private static Memory.Entry remembered(KeyState after) {
    if (after.memory() == null || after.memory().entries().isEmpty()) {
      return null;
    }
    List<Memory.Entry> entries = after.memory().entries();
    Memory.Entry last = entries.get(entries.size() - 1);
    return last.record() == after.records() ? last : null;
  }

  /** The numbers of the records that left the memory. A memory drops its oldest entries first. */
  private static List<Long> forgotten(KeyState before, KeyState after) {
    if (before.memory() == null) {
      return List.of();
    }
    List<Memory.Entry> kept = after.memory().entries();
    long oldest = kept.isEmpty() ? Long.MAX_VALUE : kept.get(0).record();
    return before.memory().entries().stream()
        .map(Memory.Entry::record)
        .filter(record -> record < oldest)
        .toList();
  }

  private static long ageMs(KeyState before, Message message) {
    return before.lastTimestampMs() == null || message.timestampMs() == null
        ? -1
        : Math.max(0, message.timestampMs() - before.lastTimestampMs());
  }

  private static void requireFinite(Reading reading, HiddenState hidden) {
    requireFinite("state", hidden.isFinite());
    if (reading.tokens() == 0) {
      return;
    }
    for (float probability : reading.probabilities()) {
      requireFinite("sentiment", Float.isFinite(probability));
    }
    requireFinite("surprise", Double.isFinite(reading.surpriseBits()));
    requireFinite("probability of the end", Double.isFinite(reading.endProbability()));
    for (Reading.NextToken next : reading.next()) {
      requireFinite("next token", Float.isFinite(next.probability()));
    }
  }

  private static void requireFinite(String what, boolean finite) {
    if (!finite) {
      throw new BadRecordException(
          DeadLetterReason.NOT_FINITE,
          "the "
              + what
              + " must consist of finite numbers, found NaN or infinity;"
              + " the key keeps its previous state");
    }
  }
}
