package com.example.support;

import com.example.support.Json.Contact;
import io.micrometer.core.instrument.MeterRegistry;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.model.Model;
import io.undercurrent.streams.ApplicationMeters;
import io.undercurrent.streams.DeadLetterHandler;
import io.undercurrent.streams.LookAhead;
import java.util.Properties;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.KStream;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.kafka.annotation.EnableKafkaStreams;
import org.springframework.kafka.config.StreamsBuilderFactoryBeanConfigurer;
import org.springframework.kafka.config.TopicBuilder;
import org.springframework.kafka.core.KafkaAdmin.NewTopics;

/** Kafka Streams as Spring runs it, with what Undercurrent adds to its settings. */
@SpringBootApplication
@EnableKafkaStreams
public class SupportApplication {

  public static void main(String[] args) {
    SpringApplication.run(SupportApplication.class, args);
  }

  @Bean
  Model model() {
    return Checkpoint.load("classpath:en-chat");
  }

  @Bean
  LookAhead lookAhead() {
    return new LookAhead();
  }

  @Bean
  StreamsBuilderFactoryBeanConfigurer undercurrent(LookAhead lookAhead, MeterRegistry registry) {
    return streams -> {
      Properties settings = streams.getStreamsConfiguration();
      settings.putAll(DeadLetterHandler.settings("dead-letters", registry));
      streams.setStreamsConfiguration(lookAhead.addTo(settings));

      ApplicationMeters meters = new ApplicationMeters(registry, settings);
      streams.setStateListener(meters.stateListener());
      streams.setStateRestoreListener(meters.restoreListener());
      streams.setKafkaStreamsCustomizer(meters::bindLagTo); // Kafka's own meters are Spring's
    };
  }

  @Bean
  KStream<String, Contact> contacts(
      StreamsBuilder builder, Model model, LookAhead lookAhead, MeterRegistry registry) {
    return SupportTopology.build(builder, model, lookAhead, registry);
  }

  /** Tickets, chats and customers are joined: they must have the same number of partitions. */
  @Bean
  NewTopics topics() {
    return new NewTopics(
        Stream.of("tickets", "chats", "customers", "contacts", "moods", "alerts", "dead-letters")
            .map(name -> TopicBuilder.name(name).partitions(3).build())
            .toArray(NewTopic[]::new));
  }
}
