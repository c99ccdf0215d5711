package io.undercurrent.enrich;

import io.undercurrent.enrich.Enrichment.Outcome;
import io.undercurrent.enrich.Enrichment.Step;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.kafka.common.utils.Bytes;

/**
 * Records that are enriched together, each with the result that it would have after those before
 * it: one of a key at a time, from the bytes that the one before leaves in the store. One that
 * fails leaves its key as it was and the others alone. Used once, on one thread.
 */
public final class EnrichmentBatch {

  private final Enrichment enrichment;
  private final int maxTokens;
  private final List<Step> steps = new ArrayList<>();
  private final Map<Bytes, ArrayDeque<Step>> waiting = new HashMap<>();
  private final ArrayDeque<Step> ready = new ArrayDeque<>();
  private int tokens;

  /**
   * @param maxTokens at most, unless it is one record
   */
  public EnrichmentBatch(Enrichment enrichment, int maxTokens) {
    this.enrichment = enrichment;
    this.maxTokens = maxTokens;
  }

  /** Adds a record if there is room for its tokens; there always is for the first. */
  public boolean add(Subject subject) {
    Step step = enrichment.step(subject);
    if (!steps.isEmpty() && tokens + step.tokens() > maxTokens) {
      return false;
    }
    tokens += step.tokens();
    steps.add(step);
    return true;
  }

  public int size() {
    return steps.size();
  }

  /**
   * Steps of the network that they take: their tokens, and an end of record where there are any.
   */
  public int steps() {
    int ends = 0;
    for (Step step : steps) {
      ends += step.tokens() > 0 ? 1 : 0;
    }
    return tokens + ends;
  }

  /**
   * Enriches them.
   *
   * @param stored what is stored of a key before them
   */
  public void run(Function<Bytes, Stored> stored) {
    for (Step step : steps) {
      ArrayDeque<Step> ofKey = waiting.get(step.key());
      if (ofKey == null) {
        waiting.put(step.key(), new ArrayDeque<>());
        ready.add(step);
      } else {
        ofKey.add(step);
      }
    }
    ready.forEach(step -> step.from(stored.apply(step.key())));
    enrichment.read(this::next);
  }

  /** The next that has tokens to read; one that has none, or fails, is done at once. */
  private Step next() {
    while (!ready.isEmpty()) {
      Step step = ready.poll();
      if (step.begin(this::passed)) {
        return step;
      }
      passed(step);
    }
    return null;
  }

  private void passed(Step step) {
    Step next = waiting.get(step.key()).poll();
    if (next != null) {
      next.from(step.left());
      ready.add(next);
    }
  }

  /** The key's stored state that record i was read in the light of, or null. */
  public byte[] stateBefore(int i) {
    return steps.get(i).before().state();
  }

  /** Whether record i was enriched, or is a tombstone. */
  public boolean succeeded(int i) {
    return steps.get(i).failure() == null;
  }

  /**
   * What became of record i; null for a tombstone.
   *
   * @throws RuntimeException that it failed with
   */
  public Outcome outcome(int i) {
    return steps.get(i).outcome();
  }
}
