package io.undercurrent.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** An undercurrent that has the port is in {@code CommandsIT}. */
class PortOwnerTest {

  @Test
  void shouldFindTheProcessThatListens() throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/net/tcp")), "Linux");
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
      assertThat(PortOwner.of(port))
          .hasValueSatisfying(
              owner -> {
                assertThat(owner.pid()).isEqualTo(ProcessHandle.current().pid());
                assertThat(owner).hasToString("process " + owner.pid() + " (java)");
              });
    }
    assertThat(PortOwner.of(port)).as("nobody listens").isEmpty();
  }

  @Test
  void shouldTellHowToEndAnUndercurrent() {
    assertThat(new PortOwner(7, "java", Instant.parse("2026-01-02T03:04:05Z"), "run"))
        .hasToString(
            "process 7, an undercurrent that runs since 2026-01-02T03:04:05Z (run): end it with"
                + " kill 7");
  }

  @Test
  void shouldLeaveOutSecrets() {
    assertThat(
            PortOwner.withoutSecrets(
                List.of(
                    "run",
                    "--set",
                    "ssl.key.password=abc",
                    "--set",
                    "sasl.jaas.config=x password=\"abc\";",
                    "--set=ssl.keystore.key=abc",
                    "--set=a.passphrase=abc",
                    "--set=bearer.auth.credentials.source=abc",
                    "--set=basic.auth.user.info=abc",
                    "--set",
                    "num.stream.threads=2")))
        .isEqualTo(
            "run --set ssl.key.password=*** --set sasl.jaas.config=*** --set=ssl.keystore.key=***"
                + " --set=a.passphrase=*** --set=bearer.auth.credentials.source=***"
                + " --set=basic.auth.user.info=***"
                + " --set num.stream.threads=2");
  }

  @Test
  void shouldLeaveOutAllLinesOfASecret() {
    assertThat(
            PortOwner.withoutSecrets(
                List.of(
                    "--set=sasl.jaas.config=x required\nusername=\"me\"\npassword=\"abc\";",
                    "--set",
                    "ssl.keystore.key=-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----")))
        .isEqualTo("--set=sasl.jaas.config=*** --set ssl.keystore.key=***");
  }
}
