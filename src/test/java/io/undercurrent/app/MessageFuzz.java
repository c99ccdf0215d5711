package io.undercurrent.app;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.enrich.Source;
import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import io.undercurrent.fuzz.OneLineMessage;
import java.util.List;
import org.apache.kafka.common.errors.SerializationException;

/**
 * Any bytes in the repartition topic. What is read is read again after it was written. The first
 * format carries nothing else, so it is written as the same bytes.
 */
public final class MessageFuzz implements FuzzTarget {

  private static final MessageSerde SERDE = new MessageSerde(null);

  @Override
  public void read(byte[] input) {
    TextAndSource message;
    try {
      message = SERDE.deserializer().deserialize("topic", input);
    } catch (SerializationException e) {
      OneLineMessage.check(e);
      return;
    }
    byte[] written = SERDE.serializer().serialize("topic", message);
    assertThat(SERDE.deserializer().deserialize("topic", written)).isEqualTo(message);
    assertThat(MessageSerde.maxBytes(message)).isGreaterThanOrEqualTo(written.length);
    if (input[0] == 1) {
      assertThat(written).isEqualTo(input);
    }
  }

  @Override
  public List<byte[]> seeds() {
    return List.of(
        SERDE.serializer().serialize("t", new TextAndSource("a text", null)),
        SERDE.serializer().serialize("t", new TextAndSource("é", new Source("t", 1, 2, null))),
        SERDE.serializer().serialize("t", new TextAndSource("", new Source("topic", 1, 2, 3L))),
        SERDE
            .serializer()
            .serialize("t", new TextAndSource("raw", new Source("t", 1, 2, 3L), raw("key", "raw"))),
        Input.of(""));
  }

  private static TextAndSource.Raw raw(String key, String value) {
    return new TextAndSource.Raw(key.getBytes(UTF_8), value.getBytes(UTF_8));
  }
}
