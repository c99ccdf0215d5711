package io.undercurrent.cli;

import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Where a letter is in the dead-letter topic, written as {@code PARTITION/OFFSET}. */
record LetterPlace(int partition, long offset) {

  private static final Pattern WRITTEN = Pattern.compile("([0-9]{1,9})/([0-9]{1,18})");

  static LetterPlace of(ConsumerRecord<?, ?> record) {
    return new LetterPlace(record.partition(), record.offset());
  }

  /** Null if the text is no place. */
  static LetterPlace parseOrNull(String text) {
    Matcher place = WRITTEN.matcher(text);
    return place.matches()
        ? new LetterPlace(Integer.parseInt(place.group(1)), Long.parseLong(place.group(2)))
        : null;
  }

  @Override
  public String toString() {
    return partition + "/" + offset;
  }

  /** Reads a place from the command line. */
  static final class Converter implements ITypeConverter<LetterPlace> {
    @Override
    public LetterPlace convert(String text) {
      LetterPlace place = parseOrNull(text);
      if (place == null) {
        throw new TypeConversionException(
            "must be PARTITION/OFFSET as list prints it, for example 0/17, found " + text);
      }
      return place;
    }
  }
}
