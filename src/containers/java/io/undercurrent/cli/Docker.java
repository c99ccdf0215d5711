package io.undercurrent.cli;

import com.github.dockerjava.api.DockerClient;
import java.io.IOException;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.Network;

/**
 * The machine's Docker. If it is missing, the tests that need it are skipped, or fail with {@code
 * -Dcontainers.required=true}.
 *
 * <p>Containers have their own network and publish ports. With {@code -Dcontainers.network=host}
 * they use the host's network, on loopback addresses.
 */
final class Docker {

  /** Whether containers share the host's network. */
  static final boolean ON_HOST = System.getProperty("containers.network", "").equals("host");

  private static final String NONE =
      "no Docker here: tests with containers are skipped (-Dcontainers.required=true fails instead)";
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static boolean said;

  private Docker() {}

  /** Skips the calling test if Docker is missing. */
  static synchronized void require() {
    if (DockerClientFactory.instance().isDockerAvailable()) {
      return;
    }
    if (Boolean.getBoolean("containers.required")) {
      throw new IllegalStateException(
          "containers.required needs a Docker that answers, found none");
    }
    if (!said) {
      System.out.println(NONE);
      said = true;
    }
    Assumptions.abort(NONE);
  }

  static DockerClient client() {
    return DockerClientFactory.instance().client();
  }

  /** The address at which this process reaches published ports. */
  static String host() {
    return ON_HOST ? "127.0.0.1" : DockerClientFactory.instance().dockerHostIpAddress();
  }

  /** The address on which a server in a container must listen, so that this process reaches it. */
  static String anyAddress() {
    return ON_HOST ? "127.0.0.1" : "0.0.0.0";
  }

  /**
   * Puts a container into a network.
   *
   * @param network the network; null for the host's
   */
  static void connect(GenericContainer<?> container, Network network, String alias) {
    if (ON_HOST) {
      container.withNetworkMode("host");
    } else {
      container.withNetwork(network).withNetworkAliases(alias);
    }
  }

  /**
   * Publishes a port under the same number. A number that Docker chooses would change at a restart.
   */
  static void publish(GenericContainer<?> container, int port) {
    if (!ON_HOST) {
      container.setPortBindings(List.of(port + ":" + port));
    }
  }

  /** Makes a network for containers; null if they use the host's. */
  static Network network() {
    return ON_HOST ? null : Network.newNetwork();
  }

  /** Different ports that are free now. */
  static int[] freePorts(int count) throws IOException {
    List<ServerSocket> sockets = IntStream.range(0, count).mapToObj(i -> unconnected()).toList();
    try {
      for (ServerSocket socket : sockets) {
        socket.bind(null);
      }
      return sockets.stream().mapToInt(ServerSocket::getLocalPort).toArray();
    } finally {
      for (ServerSocket socket : sockets) {
        socket.close();
      }
    }
  }

  private static ServerSocket unconnected() {
    try {
      return new ServerSocket();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits until a condition holds. An exception counts as false. */
  static void await(String what, Callable<Boolean> check) throws InterruptedException {
    Exception last = null;
    for (long end = System.nanoTime() + PATIENCE.toNanos(); System.nanoTime() < end; ) {
      try {
        if (check.call()) {
          return;
        }
        last = null;
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        last = e;
      }
      Thread.sleep(50);
    }
    throw new AssertionError("not within " + PATIENCE.toSeconds() + " s: " + what, last);
  }
}
