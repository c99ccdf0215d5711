package io.undercurrent.streams;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.UsualLabels;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.Attention;
import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichedRecord.PastRecord;
import io.undercurrent.enrich.EnrichedRecord.PastToken;
import io.undercurrent.enrich.EnrichedRecord.Sentiment;
import io.undercurrent.enrich.EnrichedRecord.Surprise;
import io.undercurrent.enrich.EnrichedRecordJson;
import io.undercurrent.enrich.Source;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.errors.SerializationException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EnrichedRecordSerdeTest {

  private static final EnrichedRecordSerde SERDE = new EnrichedRecordSerde();

  private static final EnrichedRecord FULL =
      new EnrichedRecord(
          "order-1187",
          null,
          "still not fixed, \"third\" time\n caf\u00e9 \ud83d\ude00 \u0001",
          true,
          new Sentiment("negative", -0.91, UsualLabels.probabilities(0.93, 0.05, 0.02)),
          List.of(new NextToken("for", 0.11), new NextToken("you", 1e-12)),
          new Surprise(7.9, 8, 1),
          new Conversation(-0.62, 3, 27),
          new ModelIdentity("en-chat", "9f2c41d0a7b3"),
          new Source("messages", 0, 42, 1_790_000_000_000L));

  private static final EnrichedRecord EMPTY =
      new EnrichedRecord(
          "/w==",
          "base64",
          "",
          false,
          null,
          List.of(),
          null,
          new Conversation(null, 1, 0),
          new ModelIdentity("en-chat", "9f2c41d0a7b3"),
          null);

  private static final EnrichedRecord LOOKING =
      new EnrichedRecord(
          "k",
          null,
          "still not fixed",
          false,
          FULL.sentiment(),
          0.41,
          List.of(),
          FULL.surprise(),
          new Attention(
              List.of(new PastRecord(3, 0.61, "it is\nbroken"), new PastRecord(1, 1e-9, "hi")),
              0.39,
              List.of(new PastToken(2, 5, "printer", 0.2))),
          new Conversation(-0.62, 4, 27),
          new ModelIdentity("en-chat", "9f2c41d0a7b3"),
          null);

  private static final EnrichedRecord REPEATING =
      new EnrichedRecord(
          "k",
          null,
          "a",
          false,
          FULL.sentiment(),
          0.41,
          List.of(),
          FULL.surprise(),
          new Attention(List.of(), null, List.of()),
          new Conversation(-0.62, 1, 1),
          new ModelIdentity("en-chat", "9f2c41d0a7b3"),
          null);

  private static final EnrichedRecord UNCERTAIN =
      new EnrichedRecord(
          "k",
          null,
          "das ist kaputt",
          false,
          new Sentiment("neutral", 0.01, UsualLabels.probabilities(0.01, 0.97, 0.02), true),
          List.of(),
          new Surprise(6.1, 3, 2),
          new Conversation(0.01, 1, 3),
          new ModelIdentity("en-chat", "9f2c41d0a7b3"),
          null);

  private final EnrichedRecordSerde serde = new EnrichedRecordSerde();

  @Test
  void shouldWriteLabelsInTheModelsOrderAndNoScoreAsNull() {
    Map<String, Double> probabilities = new LinkedHashMap<>();
    probabilities.put("refund \"now\"", 0.125);
    probabilities.put("book", 0.75);
    probabilities.put("cancel", 0.125);
    EnrichedRecord record =
        new EnrichedRecord(
            "k",
            null,
            "a room",
            false,
            new Sentiment("book", null, probabilities),
            List.of(),
            new Surprise(2, 2, 0),
            new Conversation(null, 1, 2),
            new ModelIdentity("intents", "9f2c41d0a7b3"),
            null);
    probabilities.clear(); // the record has its own

    assertThat(text(record))
        .contains(
            "\"sentiment\":{\"label\":\"book\",\"score\":null,\"probabilities\":"
                + "{\"refund \\\"now\\\"\":0.125,\"book\":0.75,\"cancel\":0.125}}",
            "\"conversation\":{\"score\":null,");
    EnrichedRecord read =
        EnrichedRecordJson.fromJson(text(record).getBytes(StandardCharsets.UTF_8));
    assertThat(read).isEqualTo(record);
    assertThat(List.copyOf(read.sentiment().probabilities().keySet()))
        .containsExactly("refund \"now\"", "book", "cancel");
    assertThat(read.sentiment().probabilities()).isUnmodifiable();
    assertThat(read.sentiment().probability()).isEqualTo(0.75);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"{\"negative\":0.5,\"neutral\":0.5}", "{\"positive\":null}", "[0.5]", "null"})
  void shouldRefuseProbabilitiesWithoutTheLabel(String probabilities) {
    String json =
        text(FULL)
            .replace("\"label\":\"negative\"", "\"label\":\"positive\"")
            .replaceFirst("\"probabilities\":\\{[^}]*}", "\"probabilities\":" + probabilities);

    assertThatThrownBy(() -> EnrichedRecordJson.fromJson(json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("enriched record: ");
  }

  @Test
  void shouldWriteFieldsInAFixedOrder() {
    assertThat(text(FULL))
        .isEqualTo(
            "{\"key\":\"order-1187\","
                + "\"text\":\"still not fixed, \\\"third\\\" time\\n caf\u00e9 \ud83d\ude00 \\u0001\","
                + "\"truncated\":true,"
                + "\"sentiment\":{\"label\":\"negative\",\"score\":-0.91,\"probabilities\":"
                + "{\"negative\":0.93,\"neutral\":0.05,\"positive\":0.02}},"
                + "\"next\":[{\"token\":\"for\",\"probability\":0.11},"
                + "{\"token\":\"you\",\"probability\":0.000000000001}],"
                + "\"surprise\":{\"bitsPerToken\":7.9,\"tokens\":8,\"unknown\":1},"
                + "\"conversation\":{\"score\":-0.62,\"records\":3,\"tokens\":27},"
                + "\"model\":{\"name\":\"en-chat\",\"fingerprint\":\"9f2c41d0a7b3\"},"
                + "\"source\":{\"topic\":\"messages\",\"partition\":0,\"offset\":42,"
                + "\"timestamp\":1790000000000}}");
  }

  @Test
  void shouldOmitOrNullMissingFields() {
    assertThat(text(EMPTY))
        .isEqualTo(
            "{\"key\":\"/w==\",\"keyEncoding\":\"base64\",\"text\":\"\",\"sentiment\":null,"
                + "\"next\":[],\"surprise\":null,"
                + "\"conversation\":{\"score\":null,\"records\":1,\"tokens\":0},"
                + "\"model\":{\"name\":\"en-chat\",\"fingerprint\":\"9f2c41d0a7b3\"}}");
  }

  @Test
  void shouldWriteAttentionBeforeTheConversation() {
    assertThat(text(LOOKING))
        .contains(
            "\"unknown\":1},\"attention\":{\"records\":["
                + "{\"record\":3,\"weight\":0.61,\"text\":\"it is\\nbroken\"},"
                + "{\"record\":1,\"weight\":0.000000001,\"text\":\"hi\"}],"
                + "\"nothing\":0.39,"
                + "\"tokens\":[{\"record\":2,\"position\":5,\"token\":\"printer\","
                + "\"weight\":0.2}]},\"conversation\":");
    assertThat(text(REPEATING)).contains("\"attention\":{\"records\":[],\"tokens\":[]},");
  }

  @Test
  void shouldWriteTheProbabilityOfTheEndBeforeTheNextWords() {
    assertThat(text(LOOKING)).contains("}},\"endProbability\":0.41,\"next\":[]");
  }

  @Test
  void shouldWriteUncertainOnlyWhereItIs() {
    assertThat(text(FULL)).doesNotContain("uncertain");
    assertThat(text(UNCERTAIN)).contains("\"positive\":0.02},\"uncertain\":true},\"next\":");
  }

  @Test
  void shouldReadBackWhatItWrote() {
    for (EnrichedRecord record : List.of(FULL, EMPTY, LOOKING, REPEATING, UNCERTAIN)) {
      byte[] json = serde.serializer().serialize("t", record);
      assertThat(serde.deserializer().deserialize("t", json)).isEqualTo(record);
    }
    assertThat(EMPTY.keyBytes()).isEqualTo(new byte[] {(byte) 0xff});
    assertThat(FULL.keyBytes()).isEqualTo("order-1187".getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void shouldWriteAndReadTombstonesAsNull() {
    assertThat(serde.serializer().serialize("t", null)).isNull();
    assertThat(serde.deserializer().deserialize("t", null)).isNull();
  }

  @Test
  void shouldIgnoreFieldsOfLaterVersions() {
    String later = text(FULL).replace("\"next\":", "\"mood\":[1],\"next\":");

    assertThat(EnrichedRecordJson.fromJson(later.getBytes(StandardCharsets.UTF_8))).isEqualTo(FULL);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "[]", "null", "{\"key\":1}", "x"})
  void shouldRefuseOtherJson(String json) {
    assertThatThrownBy(
            () -> SERDE.deserializer().deserialize("t", json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(SerializationException.class)
        .hasMessageStartingWith("enriched record: ");
  }

  @ParameterizedTest
  @CsvSource({
    "'\"key\":\"order-1187\",', ''",
    "'\"key\":\"order-1187\"', '\"key\":1'",
    "'\"label\":\"negative\",', ''",
    "'\"bitsPerToken\":7.9,', ''",
    "'\"bitsPerToken\":7.9,', '\"bitsPerToken\":1e400,'",
    "'\"bitsPerToken\":7.9,', '\"bitsPerToken\":\"Infinity\",'",
    "'\"bitsPerToken\":7.9,', '\"bitsPerToken\":\"7.9\",'",
    "'\"bitsPerToken\":7.9,', '\"bitsPerToken\":null,'",
    "'\"score\":-0.62,', '\"score\":-1e999,'",
    "',\"unknown\":1', ''",
    "'\"score\":-0.62,', ''",
    "'\"timestamp\":1790000000000', '\"timestampMs\":1790000000000'",
    "'\"timestamp\":1790000000000', '\"timestamp\":\"1790000000000\"'",
    "'\"tokens\":8', '\"tokens\":8.5'",
    "'\"next\":[', '\"later\":['"
  })
  void shouldRefuseRecordsWithAMissingOrWrongField(String field, String instead) {
    String json = text(FULL);
    assertThat(json).contains(field);
    byte[] bytes = json.replace(field, instead).getBytes(StandardCharsets.UTF_8);
    assertThatThrownBy(() -> SERDE.deserializer().deserialize("t", bytes))
        .isInstanceOf(SerializationException.class)
        .hasMessageStartingWith("enriched record: ");
  }

  private static String text(EnrichedRecord record) {
    return new String(EnrichedRecordJson.toJson(record), StandardCharsets.UTF_8);
  }
}
