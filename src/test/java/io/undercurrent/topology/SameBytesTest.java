package io.undercurrent.topology;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * States and enriched records are the same bytes on every JDK, CPU and kernel provider. The digest
 * was taken on JDK 17 with the vector module; other machines and JDKs that run the tests have to
 * find it again. It changes only with the definition of a result: say so in the changelog then.
 */
class SameBytesTest {

  private static final String DIGEST =
      "2a3e531f8d7d4f8dc09749f205f3736f35d3bb5ce7bcf7077c7f0adaa9a66fdb";

  private static final String DIGEST_WITH_MEMORY =
      "fff66caff66b181d03d7072b06336f617273813e898e955a430704463c951ddc";

  @Test
  void shouldGiveTheBytesThatOtherMachinesGive() throws Exception {
    assertThat(digest(TinyModel.of(33, 70, 2, Pooling.CONCAT, 3).model())).isEqualTo(DIGEST);
  }

  @Test
  void shouldRememberTheBytesThatOtherMachinesRemember() throws Exception {
    Model model = TinyModel.looking(new Attention(9, 21), new Cache(100, 2, 0.3f), 3).model();

    assertThat(digest(model)).isEqualTo(DIGEST_WITH_MEMORY);
  }

  private static String digest(Model model) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    Enrichment enrichment = new Enrichment(model, EnrichmentSettings.DEFAULTS);
    byte[] state = null;
    SortedMap<Long, byte[]> memory = new TreeMap<>();
    for (int i = 0; i < 300; i++) {
      String text = TinyModel.text(i % 41, i) + (i % 7 == 0 ? " 🙂 naïve İstanbul 3.14" : "");
      Enrichment.Outcome outcome =
          enrichment.enrich(
              state,
              memory,
              "key".getBytes(StandardCharsets.UTF_8),
              text,
              1_700_000_000_000L + i,
              new Source("messages", 0, i, null));
      state = outcome.state();
      digest.update(state);
      if (outcome.entry() != null) {
        memory.put(outcome.record(), outcome.entry());
        digest.update(outcome.entry());
      }
      outcome.forgotten().forEach(memory::remove);
      digest.update(EnrichedRecordSerde.toJson(outcome.enriched()));
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
