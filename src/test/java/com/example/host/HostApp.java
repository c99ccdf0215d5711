package com.example.host;

import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.streams.EnrichedRecordSerde;
import io.undercurrent.streams.RecurrentProcessorSupplier;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Named;
import org.apache.kafka.streams.kstream.Produced;
import org.slf4j.LoggerFactory;

/**
 * Somebody else's program that has the library on its class path. It logs one line, enriches one
 * text in a topology of its own, and prints the enriched record's JSON.
 */
public final class HostApp {

  private HostApp() {}

  public static void main(String[] args) {
    LoggerFactory.getLogger(HostApp.class).info("a line of the host's");
    StreamsBuilder builder = new StreamsBuilder();
    builder.stream("messages", Consumed.with(Serdes.String(), Serdes.String()))
        .process(
            RecurrentProcessorSupplier.ofText(
                Serdes.String(), Checkpoint.load("classpath:en-chat")),
            Named.as("enrich"))
        .to("messages-enriched", Produced.with(Serdes.String(), new EnrichedRecordSerde()));
    Properties properties = new Properties();
    properties.put(StreamsConfig.STATE_DIR_CONFIG, args[0]);
    try (var driver = new TopologyTestDriver(builder.build(), properties)) {
      driver
          .createInputTopic("messages", new StringSerializer(), new StringSerializer())
          .pipeInput("a", args[1]);
      System.out.println(
          driver
              .createOutputTopic(
                  "messages-enriched", new StringDeserializer(), new StringDeserializer())
              .readValue());
    }
  }
}
