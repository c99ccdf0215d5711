package io.undercurrent.serve;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.query.internals.ConversationTrace;
import io.undercurrent.query.internals.TracedRecord;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The traces of the last {@value #CONVERSATIONS} conversations that were opened, up to {@value
 * #RECORDS} records each. A record is read once. One trace is computed at a time, and at most about
 * {@value #TOKENS} tokens for one request. Thread-safe.
 */
final class Traces {

  private static final int CONVERSATIONS = 8;
  private static final int RECORDS = 100;
  private static final int TOKENS = 1_000;
  private static final int PATIENCE_SECONDS = 5;

  private final Supplier<ConversationTrace> maker;
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Map<KeyText, Traced> traced =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<KeyText, Traced> eldest) {
          return size() > CONVERSATIONS;
        }
      };

  Traces(Supplier<ConversationTrace> maker) {
    this.maker = maker;
  }

  /**
   * A part of a conversation.
   *
   * @param complete whether all records at hand were read; otherwise the next request continues
   */
  record Part(List<TracedRecord> records, boolean complete) {}

  private static final class Traced {
    private final ConversationTrace trace;
    private final Deque<TracedRecord> records = new ArrayDeque<>();

    Traced(ConversationTrace trace) {
      this.trace = trace;
    }

    /** Whether the records at hand continue those that were read, with none forgotten between. */
    boolean continues(List<EnrichedRecord> atHand) {
      TracedRecord last = records.peekLast();
      return atHand.stream()
          .filter(r -> last != null && number(r) >= number(last.record()))
          .findFirst()
          .map(r -> number(r) > number(last.record()) || r.equals(last.record()))
          .orElse(last == null);
    }
  }

  /**
   * @param atHand records of the key, oldest first
   * @param after the number of a record: only later ones are returned; 0 for all
   */
  Part read(KeyText key, List<EnrichedRecord> atHand, long after) {
    try {
      if (!lock.tryLock(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw Problem.unavailable("another conversation is being read: try again in a moment", 1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.unavailable("the endpoint is stopping", 1);
    }
    try {
      return read(of(key, atHand), atHand, after);
    } finally {
      lock.unlock();
    }
  }

  private Traced of(KeyText key, List<EnrichedRecord> atHand) {
    Traced found = traced.get(key);
    if (found == null || !found.continues(atHand)) {
      found = new Traced(maker.get());
      traced.put(key, found);
    }
    return found;
  }

  private static Part read(Traced traced, List<EnrichedRecord> atHand, long after) {
    int tokens = 0;
    boolean complete = true;
    for (EnrichedRecord record : atHand) {
      if (number(record) <= traced.trace.records()) {
        continue;
      }
      if (tokens > TOKENS) {
        complete = false;
        break;
      }
      traced.records.add(traced.trace.read(record));
      tokens += record.surprise() == null ? 1 : record.surprise().tokens();
      if (traced.records.size() > RECORDS) {
        traced.records.remove();
      }
    }
    return new Part(
        traced.records.stream().filter(r -> number(r.record()) > after).toList(), complete);
  }

  private static long number(EnrichedRecord record) {
    return record.conversation().records();
  }
}
