package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.enrich.Source;
import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import io.undercurrent.fuzz.OneLineMessage;
import java.util.List;
import org.apache.kafka.common.errors.SerializationException;

/** Any bytes in the repartition topic: what is read is written as the same bytes. */
public final class MessageFuzz implements FuzzTarget {

  private static final MessageSerde SERDE = new MessageSerde();

  @Override
  public void read(byte[] input) {
    TextAndSource message;
    try {
      message = SERDE.deserializer().deserialize("topic", input);
    } catch (SerializationException e) {
      OneLineMessage.check(e);
      return;
    }
    assertThat(SERDE.serializer().serialize("topic", message)).isEqualTo(input);
    assertThat(MessageSerde.maxBytes(message)).isGreaterThanOrEqualTo(input.length);
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        SERDE.serializer().serialize("t", new TextAndSource("a text", null)),
        SERDE.serializer().serialize("t", new TextAndSource("é", new Source("t", 1, 2, null))),
        SERDE.serializer().serialize("t", new TextAndSource("", new Source("topic", 1, 2, 3L))),
        Input.of(""));
  }
}
