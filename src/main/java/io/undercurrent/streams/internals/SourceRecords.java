package io.undercurrent.streams.internals;

import java.util.Map;
import org.apache.kafka.streams.errors.ErrorHandlerContext;

/**
 * Finds the record of a source topic from which a record behind a repartition topic was made, so
 * that its dead letter is the source's record. An application puts one into its configuration.
 * Thread-safe.
 */
@FunctionalInterface
public interface SourceRecords {

  /** Key of the application's configuration; the value is an object of this class. */
  String CONFIG = "undercurrent.source.records";

  /**
   * The record that a letter is about.
   *
   * @param key raw; null if there is none or it is not known any more
   * @param value raw; null if there is none or it is not known any more
   */
  record SourceRecord(String topic, int partition, long offset, byte[] key, byte[] value) {

    /** The record that Kafka Streams reads at the moment. */
    static SourceRecord of(ErrorHandlerContext context) {
      return new SourceRecord(
          context.topic(),
          context.partition(),
          context.offset(),
          context.sourceRawKey(),
          context.sourceRawValue());
    }
  }

  /** The source of a record; null if the record does not carry one. */
  SourceRecord of(SourceRecord read);

  /**
   * The record that the letter of the current record is about: its source if the configuration
   * finds one, otherwise the record itself.
   */
  static SourceRecord of(Map<String, ?> configs, ErrorHandlerContext context) {
    SourceRecord read = SourceRecord.of(context);
    SourceRecord source =
        configs.get(CONFIG) instanceof SourceRecords sources && read.topic() != null
            ? sources.of(read)
            : null;
    return source == null ? read : source;
  }
}
