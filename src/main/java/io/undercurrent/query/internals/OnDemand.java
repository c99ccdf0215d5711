package io.undercurrent.query.internals;

import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.Inference;
import io.undercurrent.inference.KeyState;
import io.undercurrent.inference.Message;
import io.undercurrent.inference.Observer;
import io.undercurrent.inference.Reading;
import io.undercurrent.inference.ReferenceEnrichment;
import io.undercurrent.model.Model;
import io.undercurrent.text.Utf8;
import java.util.Arrays;
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
  private final Continuation continuation;

  public OnDemand(Model model, EnrichmentSettings settings) {
    this.model = model;
    this.settings = settings;
    enrichment = new ReferenceEnrichment(model, settings);
    fresh = KeyState.fresh(model);
    continuation = new Continuation(model);
    prefix = new Inference(model, settings.maxTokens(), 0, true, continuation);
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
   * The likeliest words after the beginning of a key's next record, most probable first. They
   * continue the text: they are read before the end of the record, while {@code next} of an
   * enriched record is read after it. For an empty beginning they are the {@code next} of the key's
   * last record.
   *
   * @param stored the key; not changed
   * @param text the beginning of the record, read up to the limit of tokens; may be empty
   * @param max the maximum number of words, 1 to {@value #MAX_NEXT}
   */
  public List<NextToken> next(StoredKey stored, String text, int max) {
    KeyState state = stored.state();
    continuation.max = max;
    Reading reading =
        prefix.read(
            Utf8.withoutLoneSurrogates(text),
            state.hidden().copy(),
            state.memory() == null ? null : state.memory().copy());
    Reading.NextToken[] next =
        reading.tokens() == 0 ? enrichment.next(state, max) : continuation.likeliest;
    return Arrays.stream(next).map(this::named).toList();
  }

  /** Notes the likeliest words at the end of a text, before the end is read. */
  private static final class Continuation implements Observer {
    private final boolean[] words; // (V)
    private final int endOfRecord;
    private int max;
    private Reading.NextToken[] likeliest;

    Continuation(Model model) {
      words = model.words();
      endOfRecord = model.tokenizer().endOfRecord();
    }

    @Override
    public void onSentiment(int position, float[] probabilities) {}

    @Override
    public void onToken(int token, double logProbability, Ranking ranking) {
      if (token == endOfRecord) {
        likeliest = ranking.top(words, max);
      }
    }
  }

  private NextToken named(Reading.NextToken token) {
    return new NextToken(model.tokenizer().token(token.id()), token.probability());
  }
}
