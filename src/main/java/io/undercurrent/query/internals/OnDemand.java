package io.undercurrent.query.internals;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.Generator;
import io.undercurrent.inference.Inference;
import io.undercurrent.inference.KeyState;
import io.undercurrent.inference.Message;
import io.undercurrent.inference.Reading;
import io.undercurrent.inference.ReferenceEnrichment;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.text.Utf8;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs the network for queries, outside the stream. It changes no stored state. Holds scratch
 * buffers, so it is used by one thread at a time.
 */
public final class OnDemand {

  /** The maximum number of next tokens in an answer. */
  public static final int MAX_NEXT = EnrichmentSettings.MAX_NEXT_TOKENS;

  private final Model model;
  private final EnrichmentSettings settings;
  private final ReferenceEnrichment enrichment;
  private final KeyState fresh;
  private final Inference prefix;
  private final Generator beginning;

  public OnDemand(Model model, EnrichmentSettings settings) {
    this.model = model;
    this.settings = settings;
    enrichment = new ReferenceEnrichment(model, settings);
    fresh = KeyState.fresh(model);
    prefix = new Inference(model, settings.maxTokens(), MAX_NEXT, true);
    beginning = new Generator(model);
  }

  /** The model that computes the answers. */
  public ModelIdentity model() {
    return new ModelIdentity(model.name(), model.fingerprint());
  }

  /**
   * The number of next tokens in an answer if the query does not set it; the same as in enriched
   * records.
   */
  public int defaultNext() {
    return settings.nextTokens();
  }

  /** Reads a record as the first of its key. */
  public EnrichedRecord enrich(KeyText key, String text, Long timestampMs) {
    return enrichment
        .enrich(fresh, new Message(null, text, timestampMs, null))
        .record()
        .withKey(key);
  }

  /**
   * The likeliest next words after the beginning of a key's next record, most probable first. For
   * an empty beginning the network predicts without its cache.
   *
   * @param stored the key; not changed
   * @param text the beginning of the record, read up to the limit of tokens; may be empty
   * @param max the maximum number of words, 1 to {@value #MAX_NEXT}
   */
  public List<NextToken> next(StoredKey stored, String text, int max) {
    HiddenState state = stored.state().hidden().copy();
    Reading reading =
        prefix.read(
            Utf8.withoutLoneSurrogates(text),
            state,
            stored.state().memory() == null ? null : stored.state().memory().copy());
    List<NextToken> next = new ArrayList<>();
    if (reading.tokens() == 0) {
      beginning.next(state, max).forEach(token -> next.add(named(token)));
    } else {
      for (int i = 0; i < Math.min(max, reading.next().length); i++) {
        next.add(named(reading.next()[i]));
      }
    }
    return next;
  }

  private NextToken named(Reading.NextToken token) {
    return new NextToken(model.tokenizer().token(token.id()), token.probability());
  }
}
