package io.undercurrent.app.checks;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.app.checks.Probe.Found;
import io.undercurrent.app.checks.Probe.Speaks;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;

/** Servers that harm who asks them. Real brokers are in {@link GuardedClusterTest}. */
@Timeout(value = 30, threadMode = ThreadMode.SEPARATE_THREAD) // a read cannot be interrupted
class ProbeTest {

  private static final int API_VERSIONS = 18;
  private static final int SASL_HANDSHAKE = 17;
  private static final int UNSUPPORTED_SASL_MECHANISM = 33;

  /** What a server does with a connection. */
  private interface Server {
    void serve(DataInputStream in, DataOutputStream out) throws IOException, InterruptedException;
  }

  @SuppressWarnings("try") // closed early, to end the server
  private static Found find(Server server, Duration all) throws Exception {
    try (ServerSocket port = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      Thread serving = new Thread(() -> serve(port, server));
      serving.start();
      Found found =
          new Probe(port.getInetAddress().getHostAddress(), port.getLocalPort(), all).find();
      port.close();
      serving.join();
      return found;
    }
  }

  /** One connection after the other, until the port is closed. */
  private static void serve(ServerSocket port, Server server) {
    while (!port.isClosed()) {
      try (Socket socket = port.accept()) {
        server.serve(
            new DataInputStream(socket.getInputStream()),
            new DataOutputStream(socket.getOutputStream()));
      } catch (IOException e) {
        // the client or this test has closed it
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private static void readRequest(DataInputStream in) throws IOException {
    in.skipNBytes(in.readInt());
  }

  /** Offers logins. The answer's length is right for the names, not for the count. */
  private static Found offering(int count, String... names) throws Exception {
    return find(
        (in, out) -> {
          readRequest(in);
          out.writeInt(6);
          out.writeInt(API_VERSIONS);
          out.writeShort(0);
          readRequest(in);
          out.writeInt(10 + List.of(names).stream().mapToInt(name -> 2 + name.length()).sum());
          out.writeInt(SASL_HANDSHAKE);
          out.writeShort(UNSUPPORTED_SASL_MECHANISM);
          out.writeInt(count);
          for (String name : names) {
            out.writeUTF(name);
          }
          while (count > 1_000) { // it goes on for ever
            out.writeUTF("PLAIN");
          }
          in.read();
        },
        Duration.ofMinutes(1)); // longer than this test may take
  }

  @Test
  void shouldReadTheLoginsThatAreOffered() throws Exception {
    assertThat(offering(2, "PLAIN", "SCRAM-SHA-512"))
        .isEqualTo(new Found(Speaks.KAFKA, List.of("PLAIN", "SCRAM-SHA-512")));
  }

  @Test
  void shouldNotReadLoginsWithoutEnd() throws Exception {
    assertThat(offering(Integer.MAX_VALUE, "PLAIN")).isEqualTo(new Found(Speaks.KAFKA, null));
    assertThat(offering(40, "PLAIN"))
        .as("fewer than the server says")
        .isEqualTo(new Found(Speaks.KAFKA, null));
  }

  @Test
  void shouldNotTakeAnyTextForALogin() throws Exception {
    for (String name : List.of("", "PLAIN\nok brokers", "plain", "X".repeat(21))) {
      assertThat(offering(1, name)).as(name).isEqualTo(new Found(Speaks.KAFKA, null));
    }
  }

  @Test
  void shouldNotWaitForASlowServer() throws Exception {
    assertThat(
            find(
                (in, out) -> {
                  readRequest(in);
                  out.writeInt(1_000_000);
                  out.writeInt(API_VERSIONS);
                  dropByDrop(out);
                },
                Duration.ofSeconds(1)))
        .isEqualTo(new Found(Speaks.SILENCE, null));
  }

  @Test
  void shouldNotWaitForASlowTlsHandshake() throws Exception {
    assertThat(
            find(
                (in, out) -> {
                  if (in.readByte() == 0) { // the length of a request
                    out.write(new byte[] {0x15, 3, 3, 0, 2});
                    return;
                  }
                  out.write(new byte[] {0x16, 3, 3, 0x3f, (byte) 0xff});
                  dropByDrop(out);
                },
                Duration.ofSeconds(1)))
        .isEqualTo(new Found(Speaks.TLS, null));
  }

  private static void dropByDrop(DataOutputStream out) throws IOException, InterruptedException {
    while (true) {
      Thread.sleep(100);
      out.write(0);
    }
  }
}
