package io.undercurrent.app;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.undercurrent.enrich.KeyEncoding;
import io.undercurrent.inference.EnrichmentSettings;
import io.undercurrent.io.Json;
import io.undercurrent.io.SmallFile;
import io.undercurrent.text.Utf8;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A topology definition, as read from a file of {@code topology/}: source topics, where text and
 * key are, the model, and the topics to write. Immutable.
 *
 * @param name the definition's name
 * @param topics the source topics, at least one
 * @param text where the text is in a JSON value; null if the whole value is the text
 * @param key where the key is in a JSON value; null to use the record's key
 * @param keyEncoding how enriched records write the bytes of the key. A record whose key does not
 *     have this encoding becomes a dead letter. Always {@code TEXT} if the key comes from the value
 * @param model a checkpoint folder, or {@code classpath:NAME}
 * @param nextTokens how many likely next tokens each enriched record lists
 * @param store the state store's name
 * @param enriched the topic of enriched records
 * @param deadLetters the topic of records that cannot be used
 */
public record TopologyDefinition(
    String name,
    List<String> topics,
    JsonPointer text,
    JsonPointer key,
    KeyEncoding keyEncoding,
    String model,
    int nextTokens,
    String store,
    String enriched,
    String deadLetters) {

  private static final YAMLMapper YAML =
      YAMLMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private static final Pattern KAFKA_NAME = Pattern.compile("[a-zA-Z0-9._-]{1,249}");

  public TopologyDefinition {
    topics = List.copyOf(topics);
  }

  /** A definition whose keys are texts. */
  public TopologyDefinition(
      String name,
      List<String> topics,
      JsonPointer text,
      JsonPointer key,
      String model,
      int nextTokens,
      String store,
      String enriched,
      String deadLetters) {
    this(
        name, topics, text, key, KeyEncoding.TEXT, model, nextTokens, store, enriched, deadLetters);
  }

  /** This definition with other topics. */
  public TopologyDefinition withTopics(List<String> from, String to, String dead) {
    return new TopologyDefinition(
        name, from, text, key, keyEncoding, model, nextTokens, store, to, dead);
  }

  /**
   * Reads a definition.
   *
   * @throws DefinitionException if the file cannot be read or is not a valid definition
   */
  public static TopologyDefinition load(Path file) {
    try {
      return read(file.toString(), SmallFile.read(file));
    } catch (NoSuchFileException e) {
      throw new DefinitionException(
          file.toString(), "must be a file that can be read, found no such file");
    } catch (SmallFile.TooLargeException e) {
      throw new DefinitionException(file.toString(), e.getMessage());
    } catch (IOException e) {
      throw new DefinitionException(file.toString(), "must be a file that can be read, found " + e);
    }
  }

  /** The definition that ships with the project, {@code topology/enrich.yaml}. */
  public static TopologyDefinition shipped() {
    try (InputStream in = TopologyDefinition.class.getResourceAsStream("/topology/enrich.yaml")) {
      return read("topology/enrich.yaml", in.readAllBytes());
    } catch (IOException e) {
      throw new DefinitionException(
          "topology/enrich.yaml", "must be on the class path, found " + e);
    }
  }

  /** Reads the bytes of a definition; see {@link #load}. */
  static TopologyDefinition read(String file, byte[] bytes) {
    JsonNode yaml;
    try {
      String text = Utf8.decode(ByteBuffer.wrap(bytes));
      requireNoAlias(file, text);
      yaml = YAML.readTree(text);
    } catch (JsonProcessingException e) {
      String problem = e.getOriginalMessage().lines().findFirst().orElse("unreadable input");
      int line = e.getLocation() == null ? 1 : e.getLocation().getLineNr();
      throw new DefinitionException(file, "must be YAML, found in line " + line + ": " + problem);
    } catch (CharacterCodingException e) {
      throw new DefinitionException(file, "must be UTF-8, found other bytes");
    } catch (IOException e) {
      throw new DefinitionException(file, "must be YAML, found " + e);
    }
    return new Reader(file).definition(yaml);
  }

  /** Jackson would read an alias as the text of its name. */
  private static void requireNoAlias(String file, String text) throws IOException {
    try (YAMLParser parser = YAML.getFactory().createParser(text)) {
      while (parser.nextToken() != null) {
        if (parser.isCurrentAlias()) {
          throw new DefinitionException(
              file,
              "YAML aliases are not supported, found *%s in line %d"
                  .formatted(
                      Json.shortened(parser.getText()), parser.currentTokenLocation().getLineNr()));
        }
      }
    }
  }

  /** Reads the parts of a definition. Every error names the file and the path of the key. */
  private record Reader(String file) {

    TopologyDefinition definition(JsonNode yaml) {
      object("the file", yaml, Set.of("name", "source", "model", "next", "store", "sinks"));
      JsonNode source = yaml.path("source");
      object("source", source, Set.of("topics", "value", "text", "key", "keyEncoding"));
      JsonNode sinks = yaml.path("sinks");
      object("sinks", sinks, Set.of("enriched", "deadLetters"));

      boolean json = oneOf("source.value", source.path("value"), List.of("text", "json")) == 1;
      TopologyDefinition definition =
          new TopologyDefinition(
              string("name", yaml.path("name")),
              topics(source.path("topics")),
              text(json, source.path("text")),
              key(json, source.path("key")),
              keyEncoding(source.path("key"), source.path("keyEncoding")),
              string("model", yaml.path("model")),
              integer("next", yaml.path("next"), 0, EnrichmentSettings.MAX_NEXT_TOKENS),
              kafkaName("store", yaml.path("store")),
              kafkaName("sinks.enriched", sinks.path("enriched")),
              kafkaName("sinks.deadLetters", sinks.path("deadLetters")));
      checkTopics(definition);
      return definition;
    }

    private void object(String key, JsonNode value, Set<String> keys) {
      if (!value.isObject()) {
        throw wrong(key, "an object with " + sorted(keys), value);
      }
      for (var field : value.properties()) {
        if (!keys.contains(field.getKey())) {
          throw new DefinitionException(
              file,
              "keys of "
                  + key
                  + " must be among "
                  + sorted(keys)
                  + ", found "
                  + Json.shortened(field.getKey()));
        }
      }
    }

    private List<String> topics(JsonNode value) {
      if (!value.isArray() || value.isEmpty()) {
        throw wrong("source.topics", "a list of topic names", value);
      }
      List<String> topics = new ArrayList<>();
      for (JsonNode topic : value) {
        topics.add(kafkaName("source.topics", topic));
      }
      return topics;
    }

    private JsonPointer text(boolean json, JsonNode value) {
      if (json) {
        return pointer("source.text", value);
      }
      if (!value.isMissingNode()) {
        throw wrong("source.text", "left out unless source.value is json", value);
      }
      return null;
    }

    private JsonPointer key(boolean json, JsonNode value) {
      if (value.isTextual() && value.textValue().equals("record")) {
        return null;
      }
      if (!json) {
        throw wrong("source.key", "record unless source.value is json", value);
      }
      return pointer("source.key", value);
    }

    private KeyEncoding keyEncoding(JsonNode key, JsonNode value) {
      if (value.isMissingNode()) {
        return KeyEncoding.TEXT;
      }
      if (!key.asText().equals("record")) {
        throw wrong("source.keyEncoding", "left out unless source.key is record", value);
      }
      List<String> codes = KeyEncoding.codes();
      return KeyEncoding.values()[oneOf("source.keyEncoding", value, codes)];
    }

    private JsonPointer pointer(String key, JsonNode value) {
      if (!value.isTextual() || !value.textValue().startsWith("/")) {
        throw wrong(
            key,
            (key.endsWith("key") ? "record or " : "") + "a JSON pointer such as /message/text",
            value);
      }
      return JsonPointer.compile(value.textValue());
    }

    private int oneOf(String key, JsonNode value, List<String> words) {
      int index = value.isTextual() ? words.indexOf(value.textValue()) : -1;
      if (index < 0) {
        throw wrong(key, String.join(" or ", words), value);
      }
      return index;
    }

    private int integer(String key, JsonNode value, int min, int max) {
      if (!value.isInt() || value.intValue() < min || value.intValue() > max) {
        throw wrong(key, "an integer from " + min + " to " + max, value);
      }
      return value.intValue();
    }

    private String kafkaName(String key, JsonNode value) {
      String name = string(key, value);
      if (!KAFKA_NAME.matcher(name).matches() || name.equals(".") || name.equals("..")) {
        throw wrong(key, "1 to 249 of a-z, A-Z, 0-9, '.', '_' and '-'", value);
      }
      return name;
    }

    private String string(String key, JsonNode value) {
      if (!value.isTextual() || value.textValue().isBlank()) {
        throw wrong(key, "a string that is not blank", value);
      }
      return value.textValue();
    }

    /** If a topic were both read and written, processing would never end. */
    private void checkTopics(TopologyDefinition definition) {
      List<String> all = new ArrayList<>(definition.topics);
      all.add(definition.enriched);
      all.add(definition.deadLetters);
      Set<String> seen = new HashSet<>();
      for (String topic : all) {
        if (!seen.add(topic)) {
          throw new DefinitionException(
              file, "the topics of source and sinks must all differ, found " + topic + " twice");
        }
      }
    }

    private DefinitionException wrong(String key, String expected, JsonNode found) {
      return new DefinitionException(
          file, key + " must be " + expected + ", found " + Json.found(found));
    }

    private static List<String> sorted(Set<String> keys) {
      return keys.stream().sorted().toList();
    }
  }
}
