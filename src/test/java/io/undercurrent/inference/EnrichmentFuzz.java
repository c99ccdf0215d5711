package io.undercurrent.inference;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.ByteModel;
import io.undercurrent.LetterModel;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import io.undercurrent.inference.Enrichment.Outcome;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Any texts as the records of a key: the reference and the fast path give the same bytes, and the
 * bytes can be read.
 */
public final class EnrichmentFuzz implements FuzzTarget {

  private static final ByteBuffer KEY = ByteBuffer.wrap(new byte[] {'k'});
  private static final int MAX_RECORDS = 4;
  private static final EnrichmentSettings SETTINGS = EnrichmentSettings.DEFAULTS.withMaxTokens(20);

  private final List<Model> models =
      List.of(
          TinyModel.of(9, 11, 1, Pooling.LAST, 9).spelling(),
          LetterModel.looking(4),
          ByteModel.of(8));
  private final List<ReferenceEnrichment> references =
      models.stream().map(model -> new ReferenceEnrichment(model, SETTINGS)).toList();
  private final List<Enrichment> fast =
      models.stream().map(model -> new Enrichment(model, SETTINGS)).toList();

  /** Choice: the model. Each line is a record. */
  @Override
  public void read(byte[] bytes) {
    Input input = new Input(bytes);
    int model = input.choice(models.size());
    KeyState before = KeyState.fresh(models.get(model));
    String[] texts = input.text().split("\n", MAX_RECORDS);
    for (int i = 0; i < texts.length; i++) {
      Message message = new Message(KEY, texts[i], (long) i, null);
      Outcome defined;
      try {
        defined = references.get(model).enrich(before, message);
      } catch (BadRecordException e) {
        assertThat(texts[i]).as("refused: %s", e.getMessage()).isNull();
        return;
      }
      Outcome found = fast.get(model).enrich(before, message);
      byte[] json = EnrichedRecordJson.toJson(defined.record());
      assertThat(EnrichedRecordJson.toJson(found.record())).isEqualTo(json);
      assertThat(EnrichedRecordJson.toJson(EnrichedRecordJson.fromJson(json))).isEqualTo(json);
      assertThat(found.after().hidden()).isEqualTo(defined.after().hidden());
      before = defined.after();
    }
  }

  /** Each record makes new states and the bytes of two enriched records. */
  @Override
  public long maxAllocation(int inputBytes) {
    return (32L << 20) + 4_000L * inputBytes;
  }
}
