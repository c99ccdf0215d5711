package io.undercurrent.enrich;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.cfg.CoercionAction;
import com.fasterxml.jackson.databind.cfg.CoercionInputShape;
import com.fasterxml.jackson.databind.deser.std.StdScalarDeserializer;
import com.fasterxml.jackson.databind.introspect.AnnotatedMember;
import com.fasterxml.jackson.databind.introspect.AnnotatedParameter;
import com.fasterxml.jackson.databind.introspect.JacksonAnnotationIntrospector;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.type.LogicalType;
import io.undercurrent.enrich.EnrichedRecord.Attention;
import io.undercurrent.enrich.EnrichedRecord.NextToken;
import io.undercurrent.enrich.EnrichedRecord.PastRecord;
import io.undercurrent.enrich.EnrichedRecord.PastToken;
import io.undercurrent.enrich.EnrichedRecord.Sentiment;
import io.undercurrent.enrich.EnrichedRecord.Surprise;
import io.undercurrent.io.Json;
import io.undercurrent.io.MalformedJsonException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Set;

/**
 * Writes enriched records as JSON and reads them. Fields are in a fixed order and numbers have nine
 * significant digits, so equal records are equal bytes on every machine. Reading ignores unknown
 * fields, because later versions may add some. Thread-safe.
 */
public final class EnrichedRecordJson {

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(JsonWriteFeature.COMBINE_UNICODE_SURROGATES_IN_UTF8).build();

  /** Fields that may be missing; all others are required. */
  private static final Set<String> OPTIONAL =
      Set.of(
          "keyEncoding",
          "truncated",
          "uncertain",
          "endProbability",
          "attention",
          "nothing",
          "source");

  private static final JsonMapper READER =
      JsonMapper.builder()
          .annotationIntrospector(new Required())
          .propertyNamingStrategy(new Names())
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .withCoercionConfig(
              LogicalType.Textual,
              text -> {
                text.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail);
                text.setCoercion(CoercionInputShape.Float, CoercionAction.Fail);
                text.setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail);
              })
          .addModule(
              new SimpleModule()
                  .addDeserializer(Double.class, new Finite(Double.class))
                  .addDeserializer(double.class, new Finite(double.class)))
          .build();

  /** Tells Jackson which record components are required. */
  private static final class Required extends JacksonAnnotationIntrospector {
    private static final long serialVersionUID = 1L;

    @Override
    public Boolean hasRequiredMarker(AnnotatedMember member) {
      if (member instanceof AnnotatedParameter parameter
          && parameter.getDeclaringClass().isRecord()) {
        return !OPTIONAL.contains(
            parameter.getDeclaringClass().getRecordComponents()[parameter.getIndex()].getName());
      }
      return super.hasRequiredMarker(member);
    }
  }

  /**
   * Reads finite numbers only. Jackson would read 1e400 and the strings "Infinity" and "NaN" as
   * numbers that JSON cannot hold.
   */
  private static final class Finite extends StdScalarDeserializer<Double> {
    private static final long serialVersionUID = 1L;

    Finite(Class<Double> type) {
      super(type);
    }

    @Override
    public Double getNullValue(DeserializationContext context) throws JsonMappingException {
      return handledType() == double.class
          ? context.reportInputMismatch(this, "must be a number, found null")
          : null;
    }

    @Override
    public Double deserialize(JsonParser from, DeserializationContext context) throws IOException {
      if (!from.currentToken().isNumeric()) {
        return (Double) context.handleUnexpectedToken(Double.class, from);
      }
      double value = from.getDoubleValue();
      if (!Double.isFinite(value)) {
        throw context.weirdNumberException(value, Double.class, "numbers must be finite");
      }
      return value;
    }
  }

  /** Maps record components to fields: a component's name has a unit, a field's has none. */
  private static final class Names extends PropertyNamingStrategies.NamingBase {
    private static final long serialVersionUID = 1L;

    @Override
    public String translate(String component) {
      return component.equals("timestampMs") ? "timestamp" : component;
    }
  }

  private static final int USUAL_BYTES = 1024;

  private EnrichedRecordJson() {}

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
    if (record.endProbability() != null) {
      number("endProbability", record.endProbability(), to);
    }
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
    numberOrNull("score", record.conversation().score(), to);
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
    numberOrNull("score", sentiment.score(), to);
    to.writeObjectFieldStart("probabilities");
    for (Map.Entry<String, Double> label : sentiment.probabilities().entrySet()) {
      number(label.getKey(), label.getValue(), to);
    }
    to.writeEndObject();
    if (sentiment.uncertain()) {
      to.writeBooleanField("uncertain", true);
    }
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

  private static void numberOrNull(String field, Double value, JsonGenerator to)
      throws IOException {
    if (value == null) {
      to.writeNullField(field);
    } else {
      number(field, value, to);
    }
  }

  private static void number(String field, double value, JsonGenerator to) throws IOException {
    to.writeFieldName(field);
    to.writeNumber(Numbers.format(value));
  }

  /**
   * An enriched record from its JSON.
   *
   * @throws IllegalArgumentException if the bytes are not an enriched record
   */
  public static EnrichedRecord fromJson(byte[] json) {
    try {
      EnrichedRecord record = READER.readValue(Json.text(json), EnrichedRecord.class);
      if (record != null) {
        return record;
      }
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("enriched record: " + Json.reason(e), e);
    } catch (MalformedJsonException e) {
      throw new IllegalArgumentException("enriched record: " + e.getMessage(), e);
    }
    throw new IllegalArgumentException("enriched record: must be a JSON object, found null");
  }
}
