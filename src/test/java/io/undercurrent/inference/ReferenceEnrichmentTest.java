package io.undercurrent.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.ByteModel;
import io.undercurrent.LetterModel;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.enrich.BadRecordException;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.Source;
import io.undercurrent.inference.Enrichment.Outcome;
import io.undercurrent.model.CellType;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.StatePrecision;
import io.undercurrent.model.TinyModel;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Compares {@link Enrichment} and {@link EnrichmentBatch} with the definition, bit for bit. */
class ReferenceEnrichmentTest {

  private static final List<String> KEYS = List.of("a", "b", "c", "d", "e");

  static Stream<Model> models() {
    List<Model> models = new ArrayList<>();
    for (CellType kind : CellType.values()) {
      int window = kind == CellType.FFNN ? 3 : 1;
      models.add(LetterModel.of(kind, window, 1));
      models.add(TinyModel.of(kind, window, 13, 17, 2, Pooling.LAST, 2).model());
      models.add(
          LetterModel.of(kind, window, new Attention(3, 5), new Cache(7, 0.8f, 0.25f), 3)
              .withStatePrecision(StatePrecision.FP16));
    }
    models.add(LetterModel.looking(4).withStatePrecision(StatePrecision.FP32));
    models.add(TinyModel.looking(new Attention(2, 9), new Cache(30, 2, 0.3f), 5).model());
    models.add(TinyModel.looking(new Attention(2, 9), Cache.NONE, 6).model());
    models.add(TinyModel.looking(Attention.NONE, new Cache(4, 2, 0.3f), 7).model());
    models.add(TinyModel.of(9, 11, 1, Pooling.LAST, 9).spelling());
    models.add(ByteModel.of(8));
    TinyModel calibrated = TinyModel.looking(new Attention(2, 9), Cache.NONE, 9);
    models.add(
        new TinyModel(
                calibrated.config().withTemperature(1.3f),
                calibrated.tokenizer(),
                calibrated.parameters())
            .model());
    models.add(Checkpoint.load(Checkpoint.DEFAULT));
    return models.stream();
  }

  @ParameterizedTest
  @MethodSource("models")
  void shouldGiveTheSameBitsInEveryFasterPath(Model model) {
    SplittableRandom random = new SplittableRandom(model.fingerprint().hashCode());
    for (int nextTokens : new int[] {0, 1, 5}) {
      for (int rows : new int[] {1, 2, 7, 64}) {
        EnrichmentSettings settings =
            EnrichmentSettings.DEFAULTS.withNextTokens(nextTokens).withMaxTokens(20);
        List<Message> messages = messages(40, random);
        compare(model, settings, rows, messages);
      }
    }
  }

  private static void compare(
      Model model, EnrichmentSettings settings, int rows, List<Message> messages) {
    ReferenceEnrichment reference = new ReferenceEnrichment(model, settings);
    Enrichment alone = new Enrichment(model, settings);
    EnrichmentBatch batch =
        new EnrichmentBatch(new Enrichment(model, settings, rows), Integer.MAX_VALUE);
    Map<ByteBuffer, KeyState> states = new HashMap<>();
    KeyState fresh = KeyState.fresh(model);
    for (Message message : messages) {
      assertThat(batch.add(message)).isTrue();
    }
    batch.run(key -> fresh);
    for (int i = 0; i < messages.size(); i++) {
      Message message = messages.get(i);
      if (message.isTombstone()) {
        states.remove(message.key());
        assertThat(batch.outcome(i)).isNull();
        continue;
      }
      KeyState before = states.getOrDefault(message.key(), fresh);
      Outcome defined = reference.enrich(before, message);
      requireSame(alone.enrich(before, message), defined);
      requireSame(batch.outcome(i), defined);
      requireSameState(batch.before(i), before);
      states.put(message.key(), defined.after());
    }
  }

  /** Random messages of few keys: some texts are empty or long, and some records are tombstones. */
  private static List<Message> messages(int count, SplittableRandom random) {
    List<Message> messages = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String key = KEYS.get(random.nextInt(KEYS.size()));
      int tokens = random.nextInt(6) == 0 ? 0 : random.nextInt(random.nextInt(5) == 0 ? 40 : 8);
      String text =
          random.nextInt(20) == 0
              ? null
              : random.nextBoolean()
                  ? TinyModel.text(tokens, random.nextLong())
                  : "a b C \ud83d zz d".substring(0, random.nextInt(13));
      Long timestampMs = random.nextInt(5) == 0 ? null : random.nextLong(1_000);
      Source source = random.nextBoolean() ? null : new Source("t", 0, i, timestampMs);
      messages.add(new Message(key(key), text, timestampMs, source));
    }
    return messages;
  }

  private static void requireSame(Outcome found, Outcome defined) {
    assertThat(new String(EnrichedRecordJson.toJson(found.record()), StandardCharsets.UTF_8))
        .isEqualTo(new String(EnrichedRecordJson.toJson(defined.record()), StandardCharsets.UTF_8));
    assertThat(found.record())
        .isEqualTo(defined.record()); // exact, while JSON has only nine digits
    requireSameState(found.after(), defined.after());
    assertThat(found.forgotten()).isEqualTo(defined.forgotten());
    assertThat(found.hit()).isEqualTo(defined.hit());
    assertThat(found.ageMs()).isEqualTo(defined.ageMs());
    if (defined.remembered() == null) {
      assertThat(found.remembered()).isNull();
    } else {
      requireSameEntry(found.remembered(), defined.remembered());
    }
  }

  private static void requireSameState(KeyState found, KeyState defined) {
    assertThat(found.records()).isEqualTo(defined.records());
    assertThat(found.tokens()).isEqualTo(defined.tokens());
    assertThat(found.lastTimestampMs()).isEqualTo(defined.lastTimestampMs());
    assertThat(found.conversationScore()).isEqualTo(defined.conversationScore());
    assertThat(found.hidden()).isEqualTo(defined.hidden());
    if (defined.memory() == null) {
      assertThat(found.memory()).isNull();
      return;
    }
    assertThat(found.memory().entries()).hasSameSizeAs(defined.memory().entries());
    for (int i = 0; i < defined.memory().entries().size(); i++) {
      requireSameEntry(found.memory().entries().get(i), defined.memory().entries().get(i));
    }
  }

  private static void requireSameEntry(Memory.Entry found, Memory.Entry defined) {
    assertThat(found.record()).isEqualTo(defined.record());
    assertThat(found.tokens()).isEqualTo(defined.tokens());
    assertThat(Arrays.deepEquals(found.h(), defined.h())).isTrue();
  }

  @Test
  void shouldRefuseNumbersThatAreNotFiniteInEveryPath() {
    Model model = LetterModel.of(1);
    KeyState fresh = KeyState.fresh(model);
    KeyState broken = new KeyState(0, 0, null, null, fresh.hidden().copy());
    Arrays.fill(broken.hidden().c()[0], Float.NaN);
    Message message = new Message(key("k"), "a b", null, null);
    EnrichmentSettings settings = EnrichmentSettings.DEFAULTS;

    assertThatThrownBy(() -> new ReferenceEnrichment(model, settings).enrich(broken, message))
        .isInstanceOf(BadRecordException.class)
        .hasMessage(
            "not-finite: the state must consist of finite numbers, found NaN or infinity;"
                + " the key keeps its previous state");
    assertThatThrownBy(() -> new Enrichment(model, settings).enrich(broken, message))
        .isInstanceOf(BadRecordException.class);
    EnrichmentBatch batch =
        new EnrichmentBatch(new Enrichment(model, settings, 4), Integer.MAX_VALUE);
    for (String key : List.of("good", "broken", "broken", "good")) {
      batch.add(new Message(key(key), "a b", null, null));
    }
    batch.add(new Message(key("broken"), null, null, null));
    batch.add(new Message(key("broken"), "a b", null, null));
    batch.run(key -> key.equals(key("good")) ? fresh : broken);

    assertThat(batch.outcome(0)).isNotNull();
    assertThat(batch.outcome(1)).isNull();
    assertThat(batch.outcome(2)).as("follows a failed message of its key").isNull();
    assertThat(batch.outcome(3).record().conversation().records()).isEqualTo(2);
    assertThat(batch.outcome(5)).as("follows a tombstone").isNotNull();
  }

  private static ByteBuffer key(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }
}
