package io.undercurrent.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/**
 * States and enriched records are the same bytes on every JDK, CPU and kernel provider. The digest
 * was taken on JDK 17 with the vector module; other machines and JDKs that run the tests have to
 * find it again. It changes only with the definition of a result: say so in the changelog then.
 */
class SameBytesTest {

  private static final String DIGEST =
      "2a3e531f8d7d4f8dc09749f205f3736f35d3bb5ce7bcf7077c7f0adaa9a66fdb";

  @Test
  void shouldGiveTheBytesThatOtherMachinesGive() throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    Enrichment enrichment =
        new Enrichment(
            TinyModel.of(33, 70, 2, Pooling.CONCAT, 3).model(), EnrichmentSettings.DEFAULTS);
    byte[] state = null;
    for (int i = 0; i < 300; i++) {
      String text = TinyModel.text(i % 41, i) + (i % 7 == 0 ? " 🙂 naïve İstanbul 3.14" : "");
      Enrichment.Outcome outcome =
          enrichment.enrich(
              state,
              "key".getBytes(StandardCharsets.UTF_8),
              text,
              1_700_000_000_000L + i,
              new Source("messages", 0, i, null));
      state = outcome.state();
      digest.update(state);
      digest.update(EnrichedRecordSerde.toJson(outcome.enriched()));
    }
    assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(DIGEST);
  }
}
