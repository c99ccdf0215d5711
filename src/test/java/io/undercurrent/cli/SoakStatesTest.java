package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.cli.SoakCheck.Place;
import io.undercurrent.cli.SoakInput.Sent;
import io.undercurrent.inference.EnrichmentSettings;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.utils.Bytes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SoakStatesTest {

  @TempDir private Path folder;

  @Test
  void shouldFindEntriesThatAreMissingOrExtraOrHaveOtherBytes() throws Exception {
    List<Sent> records = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      records.add(new Sent("k" + i % 2, "good food ", 1_000L + i, new Place(0, i)));
    }
    SoakStates states =
        SoakStates.of(SmallModel.writeLooking(folder), EnrichmentSettings.DEFAULTS, records);
    List<ConsumerRecord<byte[], byte[]>> changelog = changelog(states.memories());

    assertThat(states.states()).hasSize(2);
    assertThat(states.differentStates(changelog(states.states()))).isEmpty();
    assertThat(states.differentMemories(changelog)).isEmpty();

    Bytes first = Bytes.wrap(changelog.get(0).key());
    changelog.remove(0);
    assertThat(states.differentMemories(changelog)).containsExactly(first + " is missing");
    changelog.add(entry(first.get(), new byte[] {1}));
    assertThat(states.differentMemories(changelog)).containsExactly(first + " has other bytes");
    changelog.add(entry(first.get(), states.memories().get(first)));
    changelog.add(entry(new byte[] {1}, new byte[] {1}));
    assertThat(states.differentMemories(changelog))
        .singleElement()
        .asString()
        .endsWith("must not be there");
    changelog.add(entry(new byte[] {1}, null));
    assertThat(states.differentMemories(changelog)).isEmpty();
  }

  private static List<ConsumerRecord<byte[], byte[]>> changelog(Map<Bytes, byte[]> entries) {
    List<ConsumerRecord<byte[], byte[]>> changelog = new ArrayList<>();
    entries.forEach((key, value) -> changelog.add(entry(key.get(), value)));
    return changelog;
  }

  private static ConsumerRecord<byte[], byte[]> entry(byte[] key, byte[] value) {
    return new ConsumerRecord<>("changelog", 0, 0, key, value);
  }
}
