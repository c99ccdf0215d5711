package io.undercurrent.streams.internals;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.enrich.EnrichedRecord.KeyText;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.Enrichment;
import io.undercurrent.inference.EnrichmentBatch;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.inference.KeyState;
import io.undercurrent.inference.Message;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Computes digests of the results of records: enriched records, states and memories. Its main
 * method prints the kernels and the digests, one a line, so that JVMs can be compared.
 */
final class SameBytes {

  /** Name of the shipped model's digest. */
  static final String SHIPPED = "en-chat";

  /** The argument that leaves out the shipped model. */
  static final String SMALL_ONLY = "small";

  private static final int KEYS = 64;
  private static final int RECORDS = 96;

  private SameBytes() {}

  public static void main(String[] arguments) {
    System.out.println("kernels " + Kernels.best().name());
    boolean shipped = !List.of(arguments).contains(SMALL_ONLY);
    digests(shipped).forEach((what, digest) -> System.out.println(what + " " + digest));
  }

  /**
   * The digests by the name of the model.
   *
   * @param shipped whether to include the shipped model, which is large
   */
  static Map<String, String> digests(boolean shipped) {
    Map<String, String> digests = new LinkedHashMap<>();
    if (shipped) {
      digests.put(SHIPPED, together(Checkpoint.load(Checkpoint.DEFAULT)));
    }
    for (CellType kind : CellType.values()) {
      int window = kind == CellType.FFNN ? 2 : 1;
      digests.put(
          "wide-" + kind,
          together(TinyModel.of(kind, window, 40, 256, 1, Pooling.CONCAT, 3).model()));
    }
    digests.put("spelling", together(TinyModel.of(9, 17, 1, Pooling.LAST, 3).spelling()));
    digests.put("two-layers", oneByOne(twoLayers()));
    digests.put("looking", oneByOne(looking()));
    return digests;
  }

  static Model twoLayers() {
    return TinyModel.of(33, 70, 2, Pooling.CONCAT, 3).model();
  }

  static Model looking() {
    return TinyModel.looking(new Attention(9, 21), new Cache(100, 2, 0.3f), 3).model();
  }

  /** 300 records of one key. */
  static String oneByOne(Model model) {
    MessageDigest digest = sha256();
    StoredEnrichment enrichment = new StoredEnrichment(model, EnrichmentSettings.DEFAULTS);
    byte[] state = null;
    SortedMap<Long, byte[]> memory = new TreeMap<>();
    for (int i = 0; i < 300; i++) {
      StoredEnrichment.Outcome outcome =
          enrichment.enrich(
              state,
              memory,
              "key".getBytes(UTF_8),
              text(i),
              1_700_000_000_000L + i,
              new Source("messages", 0, i, null));
      state = outcome.state();
      digest.update(state);
      if (outcome.entry() != null) {
        memory.put(outcome.record(), outcome.entry());
        digest.update(outcome.entry());
      }
      outcome.forgotten().forEach(memory::remove);
      digest.update(EnrichedRecordJson.toJson(outcome.enriched()));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  /** One or two records of each of many keys, all in one batch. */
  private static String together(Model model) {
    EnrichmentBatch batch =
        new EnrichmentBatch(
            new Enrichment(model, EnrichmentSettings.DEFAULTS, KEYS), Integer.MAX_VALUE);
    KeyState fresh = KeyState.fresh(model);
    KeyStateFormat format = new KeyStateFormat(model);
    for (int i = 0; i < RECORDS; i++) {
      ByteBuffer key = ByteBuffer.wrap(key(i).getBytes(UTF_8));
      Source source = new Source("messages", 0, i, null);
      batch.add(new Message(key, text(i), (long) i, source));
    }
    batch.run(key -> fresh);
    MessageDigest digest = sha256();
    for (int i = 0; i < batch.size(); i++) {
      digest.update(format.serialize(batch.outcome(i).after()));
      digest.update(
          EnrichedRecordJson.toJson(batch.outcome(i).record().withKey(new KeyText(key(i), null))));
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static String key(int i) {
    return "k" + i % KEYS;
  }

  private static String text(int i) {
    return TinyModel.text(i % 41, i) + (i % 7 == 0 ? " 🙂 naïve İstanbul 3.14" : "");
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
