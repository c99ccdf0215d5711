package io.undercurrent.app;

import com.fasterxml.jackson.core.JsonPointer;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.enrich.Source;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes messages into a definition's first source topic, in the format that the definition reads.
 * Thread-safe.
 */
public final class SourceTopic implements AutoCloseable {

  private static final JsonMapper JSON = new JsonMapper();
  private static final int PATIENCE_MS = 5_000;

  private final TopologyDefinition definition;
  private final Producer<byte[], byte[]> producer;

  /**
   * @param config the producer's configuration
   * @throws DefinitionException if no JSON value can have text and key where the definition reads
   *     them
   */
  public SourceTopic(TopologyDefinition definition, Map<String, Object> config) {
    this(definition, producer(config));
  }

  SourceTopic(TopologyDefinition definition, Producer<byte[], byte[]> producer) {
    this.definition = definition;
    this.producer = producer;
    value(definition, "k", "t");
  }

  private static Producer<byte[], byte[]> producer(Map<String, Object> config) {
    Map<String, Object> ours = new HashMap<>(config);
    ours.put(ProducerConfig.LINGER_MS_CONFIG, 0);
    ours.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, PATIENCE_MS);
    ours.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, PATIENCE_MS);
    ours.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, PATIENCE_MS);
    return new KafkaProducer<>(ours, new ByteArraySerializer(), new ByteArraySerializer());
  }

  /**
   * Sends one message.
   *
   * @param key in the definition's key encoding
   * @param partition where to send it; null for the partition of Kafka's default partitioner
   * @return the position that the broker gave it; completes with Kafka's exception if the message
   *     was not written within 5 seconds
   * @throws IllegalArgumentException if the key is not of that encoding
   */
  public CompletableFuture<Source> send(String key, String text, Integer partition) {
    CompletableFuture<Source> sent = new CompletableFuture<>();
    long nowMs = System.currentTimeMillis();
    try {
      producer.send(
          new ProducerRecord<>(
              definition.topics().get(0),
              partition,
              nowMs,
              definition.keyEncoding().bytes(key),
              value(definition, key, text)),
          (metadata, failure) -> {
            if (failure == null) {
              sent.complete(
                  new Source(metadata.topic(), metadata.partition(), metadata.offset(), nowMs));
            } else {
              sent.completeExceptionally(failure);
            }
          });
    } catch (KafkaException e) {
      sent.completeExceptionally(e);
    }
    return sent;
  }

  /** The value of a message, from which {@link Decode} reads text and key. */
  static byte[] value(TopologyDefinition definition, String key, String text) {
    if (definition.text() == null) {
      return text.getBytes(StandardCharsets.UTF_8);
    }
    JsonNode value = with(null, definition.text(), text, definition);
    if (definition.key() != null) {
      value = with(value, definition.key(), key, definition);
    }
    try {
      return JSON.writeValueAsBytes(value);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree cannot fail to be written", e);
    }
  }

  private static JsonNode with(
      JsonNode value, JsonPointer pointer, String string, TopologyDefinition definition) {
    if (pointer.matches()) {
      if (value != null) {
        throw new DefinitionException(
            definition.name(), "source.text and source.key must differ to write a message");
      }
      return JsonNodeFactory.instance.textNode(string);
    }
    if (value != null && !value.isObject()) {
      throw new DefinitionException(
          definition.name(),
          "source.text and source.key must not contain each other to write a message");
    }
    ObjectNode object = value == null ? JsonNodeFactory.instance.objectNode() : (ObjectNode) value;
    String name = pointer.getMatchingProperty();
    object.set(name, with(object.get(name), pointer.tail(), string, definition));
    return object;
  }

  @Override
  public void close() {
    producer.close(Duration.ofMillis(PATIENCE_MS));
  }
}
