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
 * Shows an application's processors what their stream threads have polled and not yet processed, so
 * that they can compute several records at once. One for each application; {@link #addTo} its
 * configuration and give it to each {@link Enricher} of the application:
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
 * <p>Nothing is held back or buffered that a commit could lose: what a processor computes ahead is
 * used only for exactly the record, key state and memory that it was computed from. Where {@link
 * #addTo} was forgotten, records are computed one by one, and a warning in the log says so; so it
 * does in a {@code TopologyTestDriver}, which polls nothing. Thread-safe.
 */
public final class LookAhead {

  private final PolledByThread mailboxes = new PolledByThread();

  /**
   * The configuration of the application, with an interceptor that shows this object what its main
   * consumers poll. It comes after whatever interceptors the user has set, and those stay.
   *
   * @param configs of Kafka Streams; not changed
   */
  public Map<String, Object> addTo(Map<String, ?> configs) {
    String own = ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG;
    List<Object> interceptors = new ArrayList<>();
    for (String key :
        List.of(StreamsConfig.mainConsumerPrefix(own), StreamsConfig.consumerPrefix(own), own)) {
      if (configs.get(key) != null) {
        interceptors.addAll(list(configs.get(key)));
        break; // the more special one counts, as it does for Kafka Streams
      }
    }
    interceptors.add(LookAheadInterceptor.class.getName());
    Map<String, Object> with = new HashMap<>(configs);
    with.put(StreamsConfig.mainConsumerPrefix(own), interceptors);
    with.put(StreamsConfig.mainConsumerPrefix(PolledByThread.CONFIG), mailboxes);
    return with;
  }

  /**
   * The same for settings in {@link Properties}.
   *
   * @param configs of Kafka Streams; not changed. Their defaults are taken over too
   * @return new properties; some values are objects that {@code getProperty} does not show
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

  /** What the stream threads have polled. */
  PolledByThread polledByThread() {
    return mailboxes;
  }
}
