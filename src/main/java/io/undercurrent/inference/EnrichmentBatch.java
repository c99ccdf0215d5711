package io.undercurrent.inference;

import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.inference.Enrichment.Outcome;
import io.undercurrent.text.Encoding;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * Enriches messages of several keys together. Each message has the same outcome as if it were
 * enriched alone, after the earlier messages of its key. Used once, by one thread.
 */
public final class EnrichmentBatch {

  private final Enrichment enrichment;
  private final int maxTokens;
  private final List<Message> messages = new ArrayList<>();
  private final List<Encoding> encodings = new ArrayList<>(); // null for a tombstone
  private final List<KeyState> befores = new ArrayList<>(); // null without an outcome
  private final List<Outcome> outcomes = new ArrayList<>(); // null without an outcome
  private int tokens;

  /**
   * @param maxTokens the maximum number of tokens of all messages; a single message may have more
   */
  public EnrichmentBatch(Enrichment enrichment, int maxTokens) {
    this.enrichment = enrichment;
    this.maxTokens = maxTokens;
  }

  /**
   * Adds a message if its tokens fit into the batch; the first message always fits.
   *
   * @return whether it was added
   */
  public boolean add(Message message) {
    Encoding encoding = message.isTombstone() ? null : enrichment.encode(message);
    int more = encoding == null ? 0 : encoding.ids().length;
    if (!messages.isEmpty() && tokens + more > maxTokens) {
      return false;
    }
    tokens += more;
    messages.add(message);
    encodings.add(encoding);
    return true;
  }

  /** The number of messages. */
  public int size() {
    return messages.size();
  }

  /**
   * The number of steps that the network takes for the batch: one for each token and one for each
   * end of record.
   */
  public int steps() {
    int ends = 0;
    for (Encoding encoding : encodings) {
      ends += encoding != null && encoding.ids().length > 0 ? 1 : 0;
    }
    return tokens + ends;
  }

  /**
   * Enriches all messages.
   *
   * @param stored gives a key's state before the batch; called once for each key whose first
   *     message is not a tombstone
   */
  public void run(Function<ByteBuffer, KeyState> stored) {
    Map<ByteBuffer, KeyState> states = new HashMap<>();
    List<PendingRecord> records = pending(states, stored);
    enrichment.read(records.stream().filter(Objects::nonNull).toList());
    Set<ByteBuffer> failed = new HashSet<>();
    for (int i = 0; i < messages.size(); i++) {
      outcome(i, records.get(i), states, failed);
    }
  }

  /** Links each message to the previous one of its key. Null for a tombstone. */
  private List<PendingRecord> pending(
      Map<ByteBuffer, KeyState> states, Function<ByteBuffer, KeyState> stored) {
    List<PendingRecord> records = new ArrayList<>();
    Map<ByteBuffer, PendingRecord> last = new HashMap<>();
    Set<ByteBuffer> forgotten = new HashSet<>();
    for (int i = 0; i < messages.size(); i++) {
      ByteBuffer key = messages.get(i).key();
      if (messages.get(i).isTombstone()) {
        last.remove(key);
        forgotten.add(key);
        records.add(null);
        continue;
      }
      PendingRecord previous = last.get(key);
      PendingRecord record;
      if (previous != null) {
        record = new PendingRecord(encodings.get(i), previous);
      } else if (forgotten.contains(key)) {
        record = enrichment.pending(encodings.get(i), enrichment.fresh());
      } else {
        states.put(key, stored.apply(key));
        record = enrichment.pending(encodings.get(i), states.get(key));
      }
      last.put(key, record);
      records.add(record);
    }
    return records;
  }

  /**
   * Computes the outcome of message i. After a failed message, the later messages of its key have
   * no outcome, up to a tombstone.
   */
  private void outcome(
      int i, PendingRecord record, Map<ByteBuffer, KeyState> states, Set<ByteBuffer> failed) {
    ByteBuffer key = messages.get(i).key();
    KeyState before = null;
    Outcome outcome = null;
    if (record == null) {
      states.put(key, enrichment.fresh());
      failed.remove(key);
    } else if (!failed.contains(key)) {
      try {
        before = states.get(key);
        outcome = enrichment.outcome(before, messages.get(i), record);
        states.put(key, outcome.after());
      } catch (BadRecordException e) {
        failed.add(key); // enriching the message alone throws the error again
      }
    }
    befores.add(before);
    outcomes.add(outcome);
  }

  /** The key's state before message i; null if it has no outcome. */
  public KeyState before(int i) {
    return befores.get(i);
  }

  /**
   * The outcome of message i. Null for a tombstone, for a message that cannot be enriched, and for
   * the later messages of its key. To get the error, enrich the failed message alone.
   */
  public Outcome outcome(int i) {
    return outcomes.get(i);
  }
}
