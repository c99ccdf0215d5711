package io.undercurrent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;

/** The default model, and the files beside its weights, which must describe these weights. */
class ShippedModelTest {

  private static final String FOLDER = "/models/en-chat/";
  private static final int MAX_BYTES = 16_000_000;

  private final Model model = Checkpoint.load("classpath:en-chat");

  @Test
  void shouldBeSmallAndHaveThreeClasses() throws IOException {
    int bytes = 0;
    for (String file : new String[] {"config.json", "tokenizer.json", "model.safetensors"}) {
      bytes += read(file).length;
    }
    assertThat(bytes).isLessThanOrEqualTo(MAX_BYTES);
    assertThat(model.config().labels()).isEqualTo(Labels.SENTIMENT);
  }

  @Test
  void shouldHaveACardAndAReferenceWithItsFingerprint() throws IOException {
    assertThat(new String(read("README.md"), StandardCharsets.UTF_8)).contains(model.fingerprint());

    JsonNode reference = new ObjectMapper().readTree(read("reference.json"));
    assertThat(reference.at("/model/name").asText()).isEqualTo(model.name());
    assertThat(reference.at("/model/fingerprint").asText()).isEqualTo(model.fingerprint());
    assertThat(sum(reference.path("sentiment"))).isCloseTo(1, within(1e-9));
    for (String of : new String[] {"score", "surprise", "unknown"}) {
      JsonNode histogram = reference.path(of);
      assertThat(histogram.path("shares")).hasSize(histogram.path("edges").size() + 1);
      assertThat(sum(histogram.path("shares"))).as(of).isCloseTo(1, within(1e-9));
    }
  }

  private static double sum(JsonNode values) {
    return StreamSupport.stream(values.spliterator(), false).mapToDouble(JsonNode::asDouble).sum();
  }

  private static byte[] read(String file) throws IOException {
    try (InputStream in = ShippedModelTest.class.getResourceAsStream(FOLDER + file)) {
      assertThat(in).as(file).isNotNull();
      return in.readAllBytes();
    }
  }
}
