package io.undercurrent.cli;

import io.undercurrent.LetterModel;
import io.undercurrent.broker.EmbeddedBroker;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScrapeDumpTest {
  @TempDir static Path folder;

  @Test
  void dump() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder.resolve("b"));
        ServedApp app =
            new ServedApp(
                    broker,
                    ServedApp.definition("dump"),
                    LetterModel.of(1),
                    folder.resolve("s"),
                    0,
                    Map.of())
                .start()) {
      app.send("k", "a b c", "d");
      app.await("/v1/keys/k", j -> true);
      System.gc();
      Thread.sleep(12_000);
      Files.writeString(Path.of("/tmp/h-meters-scrape.txt"), app.get("/metrics").body());
    }
  }
}
