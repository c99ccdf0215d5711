package io.undercurrent.streams.internals;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.streams.LookAhead;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.StreamsConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LookAheadInterceptorTest {

  private static final TopicPartition PARTITION = new TopicPartition("messages", 0);
  private static final String OURS = LookAheadInterceptor.class.getName();

  private final LookAhead lookAhead = new LookAhead();
  private final LookAheadInterceptor interceptor = new LookAheadInterceptor();

  @AfterEach
  void close() {
    interceptor.close();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "interceptor.classes",
        "consumer.interceptor.classes",
        "main.consumer.interceptor.classes"
      })
  void shouldComeAfterTheUsersInterceptors(String key) {
    for (Object own : List.of("x.One, x.Two", List.of("x.One", "x.Two"))) {
      assertThat(interceptors(Map.of(key, own))).isEqualTo(List.of("x.One", "x.Two", OURS));
    }
  }

  @Test
  void shouldBeTheOnlyInterceptorIfTheUserHasNone() {
    assertThat(interceptors(Map.of())).isEqualTo(List.of(OURS));
    assertThat(interceptors(Map.of("interceptor.classes", ""))).isEqualTo(List.of(OURS));
  }

  /** Kafka Streams uses the more specific of two keys. */
  @Test
  void shouldKeepTheInterceptorsThatKafkaStreamsUses() {
    assertThat(
            interceptors(
                Map.of("interceptor.classes", "x.One", "consumer.interceptor.classes", "x.Two")))
        .isEqualTo(List.of("x.Two", OURS));
  }

  @Test
  void shouldTakePropertiesAndTheirDefaults() {
    Properties defaults = new Properties();
    defaults.setProperty("application.id", "a");
    Properties configs = new Properties(defaults);
    configs.setProperty("bootstrap.servers", "localhost:1");
    configs.put("num.stream.threads", 2);
    configs.setProperty("interceptor.classes", "x.One");

    Properties with = lookAhead.addTo(configs);
    assertThat(with)
        .containsEntry("application.id", "a")
        .containsEntry("num.stream.threads", 2)
        .containsEntry("main.consumer.interceptor.classes", List.of("x.One", OURS));
    assertThat(
            new StreamsConfig(with).getMainConsumerConfigs("g", "c", 0).get(PolledByThread.CONFIG))
        .isSameAs(PolledBy.threadsOf(lookAhead));
    assertThat(configs).hasSize(3);
  }

  /** Checks that the main consumer gets the interceptor and other consumers do not. */
  @Test
  void shouldReachOnlyTheMainConsumer() {
    StreamsConfig config =
        new StreamsConfig(
            lookAhead.addTo(Map.of("application.id", "a", "bootstrap.servers", "localhost:1")));

    Map<String, Object> main = config.getMainConsumerConfigs("g", "c", 0);
    assertThat(main.get(PolledByThread.CONFIG)).isSameAs(PolledBy.threadsOf(lookAhead));
    assertThat(main.get("interceptor.classes")).isEqualTo(List.of(OURS));
    assertThat(config.getRestoreConsumerConfigs("c")).doesNotContainKey("interceptor.classes");
    assertThat(config.getGlobalConsumerConfigs("c")).doesNotContainKey("interceptor.classes");
  }

  @Test
  void shouldShowRecordsOnlyToThePollingThread() throws Exception {
    interceptor.configure(
        Map.of(PolledByThread.CONFIG, PolledBy.threadsOf(lookAhead))); // on any thread
    assertThat(PolledBy.threadsOf(lookAhead).ofCurrentThread()).isNull();
    ConsumerRecords<byte[], byte[]> records = records();
    assertThat(interceptor.onConsume(records)).isSameAs(records);
    PolledRecords polledRecords = PolledBy.threadsOf(lookAhead).ofCurrentThread();
    polledRecords.openCursor(PARTITION);
    interceptor.onConsume(records);
    assertThat(polledRecords.records()).isEqualTo(1);
    PolledRecords[] seenByOther = {polledRecords};
    Thread another =
        new Thread(() -> seenByOther[0] = PolledBy.threadsOf(lookAhead).ofCurrentThread());
    another.start();
    another.join();
    assertThat(seenByOther[0]).isNull();

    interceptor.close();
    assertThat(PolledBy.threadsOf(lookAhead).threads()).isZero();
    assertThat(polledRecords.records()).isZero();
  }

  @Test
  void shouldSwitchItselfOffAfterAFailure() {
    interceptor.configure(Map.of(PolledByThread.CONFIG, PolledBy.threadsOf(lookAhead)));
    interceptor.onConsume(records());
    PolledRecords polledRecords = PolledBy.threadsOf(lookAhead).ofCurrentThread();
    PolledRecords.Cursor cursor = polledRecords.openCursor(PARTITION);
    interceptor.onConsume(records());
    ConsumerRecords<byte[], byte[]> broken =
        new ConsumerRecords<>(Map.of(PARTITION, Arrays.asList(record(1), null)), Map.of());

    assertThat(interceptor.onConsume(broken)).isSameAs(broken);
    assertThat(PolledBy.threadsOf(lookAhead).threads()).isZero();
    assertThat(polledRecords.records()).isZero();
    assertThat(cursor.recordsAfter(0, 10)).isEmpty();
    assertThat(interceptor.onConsume(records()).count()).isEqualTo(1);
    assertThat(PolledBy.threadsOf(lookAhead).threads()).isZero();
  }

  @Test
  void shouldDoNothingWithoutALookAhead() {
    interceptor.configure(Map.of());
    assertThat(interceptor.onConsume(records()).count()).isEqualTo(1);
  }

  private Object interceptors(Map<String, Object> configs) {
    return lookAhead.addTo(configs).get("main.consumer.interceptor.classes");
  }

  private static ConsumerRecords<byte[], byte[]> records() {
    return new ConsumerRecords<>(Map.of(PARTITION, List.of(record(0))), Map.of());
  }

  private static ConsumerRecord<byte[], byte[]> record(long offset) {
    return new ConsumerRecord<>("messages", 0, offset, new byte[1], new byte[2]);
  }
}
