package io.undercurrent.streams;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.undercurrent.enrich.EnrichedRecord;
import io.undercurrent.enrich.EnrichedRecord.Attention;
import io.undercurrent.enrich.EnrichedRecord.Conversation;
import io.undercurrent.enrich.EnrichedRecord.ModelIdentity;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichedRecord.PastRecord;
import io.undercurrent.enrich.EnrichedRecord.PastToken;
import io.undercurrent.enrich.EnrichedRecord.Probabilities;
import io.undercurrent.enrich.EnrichedRecord.Sentiment;
import io.undercurrent.enrich.EnrichedRecord.Surprise;
import io.undercurrent.enrich.Numbers;
import io.undercurrent.enrich.Source;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/**
 * Enriched records as JSON: fields in a fixed order, numbers with nine significant digits, so that
 * the same record is the same bytes wherever it was made. A null record is a tombstone. The
 * deserialiser passes over fields that it does not know: later versions may add some. Bytes that
 * are no enriched record throw {@link SerializationException}. Thread-safe.
 *
 * <p>To read a topic of enriched records, with a consumer or in another topology:
 *
 * <pre>{@code
 * new KafkaConsumer<>(configs, new StringDeserializer(), new EnrichedRecordSerde().deserializer())
 *
 * builder.stream("messages-enriched", Consumed.with(Serdes.String(), new EnrichedRecordSerde()))
 * }</pre>
 */
public final class EnrichedRecordSerde implements Serde<EnrichedRecord> {

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8).build();

  private static final JsonMapper MAPPER = new JsonMapper();
  private static final int USUAL_BYTES = 1024;

  /** One enriched record as one line of JSON, UTF-8, without a line end. */
  public static byte[] toJson(EnrichedRecord record) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(USUAL_BYTES);
    try (JsonGenerator to = JSON.createGenerator(bytes)) {
      write(record, to);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void write(EnrichedRecord record, JsonGenerator to) throws IOException {
    to.writeStartObject();
    to.writeStringField("key", record.key());
    if (record.keyEncoding() != null) {
      to.writeStringField("keyEncoding", record.keyEncoding());
    }
    to.writeStringField("text", record.text());
    if (record.truncated()) {
      to.writeBooleanField("truncated", true);
    }
    to.writeFieldName("sentiment");
    write(record.sentiment(), to);
    to.writeArrayFieldStart("next");
    for (NextToken next : record.next()) {
      to.writeStartObject();
      to.writeStringField("token", next.token());
      number("probability", next.probability(), to);
      to.writeEndObject();
    }
    to.writeEndArray();
    to.writeFieldName("surprise");
    write(record.surprise(), to);
    if (record.attention() != null) {
      write(record.attention(), to);
    }
    to.writeObjectFieldStart("conversation");
    if (record.conversation().score() == null) {
      to.writeNullField("score");
    } else {
      number("score", record.conversation().score(), to);
    }
    to.writeNumberField("records", record.conversation().records());
    to.writeNumberField("tokens", record.conversation().tokens());
    to.writeEndObject();
    to.writeObjectFieldStart("model");
    to.writeStringField("name", record.model().name());
    to.writeStringField("fingerprint", record.model().fingerprint());
    to.writeEndObject();
    if (record.source() != null) {
      write(record.source(), to);
    }
    to.writeEndObject();
  }

  private static void write(Sentiment sentiment, JsonGenerator to) throws IOException {
    if (sentiment == null) {
      to.writeNull();
      return;
    }
    to.writeStartObject();
    to.writeStringField("label", sentiment.label());
    number("score", sentiment.score(), to);
    to.writeObjectFieldStart("probabilities");
    number("negative", sentiment.probabilities().negative(), to);
    number("neutral", sentiment.probabilities().neutral(), to);
    number("positive", sentiment.probabilities().positive(), to);
    to.writeEndObject();
    to.writeEndObject();
  }

  private static void write(Surprise surprise, JsonGenerator to) throws IOException {
    if (surprise == null) {
      to.writeNull();
      return;
    }
    to.writeStartObject();
    number("bitsPerToken", surprise.bitsPerToken(), to);
    to.writeNumberField("tokens", surprise.tokens());
    to.writeNumberField("unknown", surprise.unknown());
    to.writeEndObject();
  }

  private static void write(Attention attention, JsonGenerator to) throws IOException {
    to.writeObjectFieldStart("attention");
    to.writeArrayFieldStart("records");
    for (PastRecord past : attention.records()) {
      to.writeStartObject();
      to.writeNumberField("record", past.record());
      number("weight", past.weight(), to);
      to.writeStringField("text", past.text());
      to.writeEndObject();
    }
    to.writeEndArray();
    if (attention.nothing() != null) {
      number("nothing", attention.nothing(), to);
    }
    to.writeArrayFieldStart("tokens");
    for (PastToken past : attention.tokens()) {
      to.writeStartObject();
      to.writeNumberField("record", past.record());
      to.writeNumberField("position", past.position());
      to.writeStringField("token", past.token());
      number("weight", past.weight(), to);
      to.writeEndObject();
    }
    to.writeEndArray();
    to.writeEndObject();
  }

  private static void write(Source source, JsonGenerator to) throws IOException {
    to.writeObjectFieldStart("source");
    to.writeStringField("topic", source.topic());
    to.writeNumberField("partition", source.partition());
    to.writeNumberField("offset", source.offset());
    if (source.timestampMs() == null) {
      to.writeNullField("timestamp");
    } else {
      to.writeNumberField("timestamp", source.timestampMs());
    }
    to.writeEndObject();
  }

  private static void number(String field, double value, JsonGenerator to) throws IOException {
    to.writeFieldName(field);
    to.writeNumber(Numbers.format(value));
  }

  /**
   * An enriched record from its JSON.
   *
   * @throws SerializationException if it is none
   */
  public static EnrichedRecord fromJson(byte[] json) {
    try {
      return read(MAPPER.readTree(json));
    } catch (IOException | IllegalArgumentException e) {
      throw new SerializationException("enriched record: " + e.getMessage(), e);
    }
  }

  private static EnrichedRecord read(JsonNode json) {
    List<NextToken> next = new ArrayList<>();
    for (JsonNode token : json.required("next")) {
      next.add(
          new NextToken(
              token.required("token").textValue(), token.required("probability").doubleValue()));
    }
    JsonNode conversation = json.required("conversation");
    JsonNode score = conversation.required("score");
    JsonNode model = json.required("model");
    return new EnrichedRecord(
        text(json, "key"),
        json.path("keyEncoding").textValue(),
        text(json, "text"),
        json.path("truncated").booleanValue(),
        sentiment(json.required("sentiment")),
        next,
        surprise(json.required("surprise")),
        attention(json.path("attention")),
        new Conversation(
            score.isNull() ? null : score.doubleValue(),
            conversation.required("records").longValue(),
            conversation.required("tokens").longValue()),
        new ModelIdentity(text(model, "name"), text(model, "fingerprint")),
        source(json.path("source")));
  }

  private static Sentiment sentiment(JsonNode json) {
    if (json.isNull()) {
      return null;
    }
    JsonNode probabilities = json.required("probabilities");
    return new Sentiment(
        text(json, "label"),
        json.required("score").doubleValue(),
        new Probabilities(
            probabilities.required("negative").doubleValue(),
            probabilities.required("neutral").doubleValue(),
            probabilities.required("positive").doubleValue()));
  }

  private static Surprise surprise(JsonNode json) {
    return json.isNull()
        ? null
        : new Surprise(
            json.required("bitsPerToken").doubleValue(),
            json.required("tokens").intValue(),
            json.required("unknown").intValue());
  }

  private static Attention attention(JsonNode json) {
    if (json.isMissingNode()) {
      return null;
    }
    List<PastRecord> records = new ArrayList<>();
    for (JsonNode past : json.required("records")) {
      records.add(
          new PastRecord(
              past.required("record").longValue(),
              past.required("weight").doubleValue(),
              text(past, "text")));
    }
    List<PastToken> tokens = new ArrayList<>();
    for (JsonNode past : json.required("tokens")) {
      tokens.add(
          new PastToken(
              past.required("record").longValue(),
              past.required("position").intValue(),
              text(past, "token"),
              past.required("weight").doubleValue()));
    }
    JsonNode nothing = json.path("nothing");
    return new Attention(records, nothing.isMissingNode() ? null : nothing.doubleValue(), tokens);
  }

  private static Source source(JsonNode json) {
    if (json.isMissingNode()) {
      return null;
    }
    JsonNode timestamp = json.required("timestamp");
    return new Source(
        text(json, "topic"),
        json.required("partition").intValue(),
        json.required("offset").longValue(),
        timestamp.isNull() ? null : timestamp.longValue());
  }

  private static String text(JsonNode json, String field) {
    JsonNode value = json.required(field);
    if (!value.isTextual()) {
      throw new IllegalArgumentException(field + " must be a string, found " + value);
    }
    return value.textValue();
  }

  @Override
  public Serializer<EnrichedRecord> serializer() {
    return (topic, record) -> record == null ? null : toJson(record);
  }

  @Override
  public Deserializer<EnrichedRecord> deserializer() {
    return (topic, json) -> json == null ? null : fromJson(json);
  }
}
