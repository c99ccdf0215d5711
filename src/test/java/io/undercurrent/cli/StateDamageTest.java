package io.undercurrent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StateDamageTest {

  private static final byte[] BYTES = new byte[10_000];

  @TempDir private Path state;

  private final SplittableRandom random = new SplittableRandom(1);
  private Path store;

  @BeforeEach
  void writeStore() throws IOException {
    store = Files.createDirectories(state.resolve("app/0_1/rocksdb/store"));
    Files.writeString(store.resolve("CURRENT"), "MANIFEST-000005\n");
    Files.write(store.resolve("MANIFEST-000005"), BYTES);
    Files.write(store.resolve("000007.sst"), BYTES);
  }

  @Test
  void shouldFlipBitsOfRecords() throws IOException {
    StateDamage.FLIP.apply(store, random);

    assertThat(store.resolve("000007.sst")).hasSize(BYTES.length);
    assertThat(Files.readAllBytes(store.resolve("000007.sst"))).isNotEqualTo(BYTES);
    assertThat(Files.readAllBytes(store.resolve("MANIFEST-000005"))).isEqualTo(BYTES);
  }

  @Test
  void shouldCutTheEndOffRecords() throws IOException {
    StateDamage.TRUNCATE.apply(store, random);

    assertThat(Files.size(store.resolve("000007.sst"))).isLessThan(BYTES.length);
  }

  @Test
  void shouldDeleteTheManifest() throws IOException {
    StateDamage.DELETE_MANIFEST.apply(store, random);

    assertThat(store.resolve("MANIFEST-000005")).doesNotExist();
    assertThat(store.resolve("CURRENT")).exists();
  }

  @Test
  void shouldFindAStoreAndSayWhichWasDamaged() throws IOException {
    assertThat(StateDamage.any(state, random)).endsWith("app/0_1/rocksdb/store");
    assertThat(StateDamage.any(state.resolve("app/0_1/rocksdb"), random)).endsWith(" store");
    Files.delete(store.resolve("CURRENT"));
    assertThat(StateDamage.any(state, random)).startsWith("nothing to damage");
  }
}
