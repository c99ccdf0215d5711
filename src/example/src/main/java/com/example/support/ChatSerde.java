package com.example.support;

import java.io.IOException;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.util.ClassSecurityValidator;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.serialization.Deserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serializer;

/** Avro's single-object encoding: ten bytes that name the schema, then the record. */
final class ChatSerde implements Serde<ChatMessage> {

  static { // Avro makes objects only of classes that somebody has named.
    ClassSecurityValidator.setGlobal(
        ClassSecurityValidator.composite(
            ClassSecurityValidator.getGlobal(),
            ClassSecurityValidator.builder().add(ChatMessage.class).build()));
  }

  @Override
  public Serializer<ChatMessage> serializer() {
    return (topic, message) -> {
      try {
        return message == null ? null : message.toByteBuffer().array();
      } catch (IOException e) {
        throw new SerializationException("chat message: " + e.getMessage(), e);
      }
    };
  }

  @Override
  public Deserializer<ChatMessage> deserializer() {
    return (topic, bytes) -> {
      try {
        return bytes == null ? null : ChatMessage.getDecoder().decode(bytes);
      } catch (IOException | AvroRuntimeException e) {
        throw new SerializationException("chat message: " + e.getMessage(), e);
      }
    };
  }
}
