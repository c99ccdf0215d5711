package io.undercurrent.streams;

import io.undercurrent.streams.internals.LookAheadInterceptor;
import io.undercurrent.streams.internals.PolledByThread;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.common.utils.Utils;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Lets the enrichers of an application compute several records at once. It shows them the records
 * that their stream threads have polled and not yet processed. Create one for each application, add
 * it to the configuration with {@link #addTo}, and give it to each {@link Enricher}:
 *
 * <pre>{@code
 * LookAhead lookAhead = new LookAhead();
 * Enricher<String, String> enricher =
 *     Enricher.builder(Serdes.String(), model).lookAhead(lookAhead, Serdes.String()).build();
 * builder.stream("messages", Consumed.with(Serdes.String(), Serdes.String()))
 *     .process(enricher.supplier(), Named.as("enrich"))
 *     ...
 * new KafkaStreams(builder.build(), lookAhead.addTo(properties));
 * }</pre>
 *
 * <p>No record is delayed, and a commit can lose nothing: a result computed ahead is used only for
 * exactly the record, key state and memory that it was computed from. If {@link #addTo} was not
 * called, records are computed one by one and the log has a warning. The same happens in a {@code
 * TopologyTestDriver}, which polls nothing. Thread-safe.
 */
public final class LookAhead {

  private final PolledByThread polledByThread = new PolledByThread();

  /**
   * The application's configuration with a consumer interceptor that reports to this object what
   * the main consumers poll. The user's own interceptors stay and come first.
   *
   * @param configs the configuration of Kafka Streams; not changed
   * @return a new map
   */
  public Map<String, Object> addTo(Map<String, ?> configs) {
    String own = ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG;
    List<Object> interceptors = new ArrayList<>();
    for (String key :
        List.of(StreamsConfig.mainConsumerPrefix(own), StreamsConfig.consumerPrefix(own), own)) {
      if (configs.get(key) != null) {
        interceptors.addAll(list(configs.get(key)));
        break; // Kafka Streams too uses the key with the most specific prefix
      }
    }
    interceptors.add(LookAheadInterceptor.class.getName());
    Map<String, Object> with = new HashMap<>(configs);
    with.put(StreamsConfig.mainConsumerPrefix(own), interceptors);
    with.put(StreamsConfig.mainConsumerPrefix(PolledByThread.CONFIG), polledByThread);
    return with;
  }

  /**
   * The same for a configuration in {@link Properties}.
   *
   * @param configs the configuration of Kafka Streams, with its defaults; not changed
   * @return new properties; some values are objects that {@code getProperty} does not return
   */
  public Properties addTo(Properties configs) {
    Map<String, Object> all = new HashMap<>();
    configs.stringPropertyNames().forEach(name -> all.put(name, configs.getProperty(name)));
    all.putAll(Utils.propsToMap(configs));
    Properties with = new Properties();
    with.putAll(addTo(all));
    return with;
  }

  private static List<?> list(Object classes) {
    if (classes instanceof List<?> list) {
      return list;
    }
    List<String> names = new ArrayList<>();
    for (String name : classes.toString().split(",")) {
      if (!name.isBlank()) {
        names.add(name.trim());
      }
    }
    return names;
  }

  /** The records that the stream threads have polled. */
  PolledByThread polledByThread() {
    return polledByThread;
  }
}
