package io.undercurrent.app;

import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.streams.StreamsConfig;

/** Makes consumers for short reads of an application's own topics, outside of its group. */
final class CommittedRecords {

  private CommittedRecords() {}

  /** A consumer that skips aborted records and waits for the brokers as long as we do elsewhere. */
  static KafkaConsumer<byte[], byte[]> consumer(StreamsConfig streams, String client) {
    Map<String, Object> settings = streams.getRestoreConsumerConfigs(client);
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    settings.put(ConsumerConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, AdminRequests.timeoutMs());
    settings.put(ConsumerConfig.REQUEST_TIMEOUT_MS_CONFIG, AdminRequests.timeoutMs());
    return new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }
}
