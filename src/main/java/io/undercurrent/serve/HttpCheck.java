package io.undercurrent.serve;

import io.undercurrent.app.checks.Check;
import io.undercurrent.app.checks.Finding;
import io.undercurrent.config.SettingsException;
import io.undercurrent.config.UndercurrentConfig;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;

/** Whether HTTP can be served as the settings want: ports, token, certificate. */
public final class HttpCheck implements Check {

  private final UndercurrentConfig config;

  public HttpCheck(UndercurrentConfig config) {
    this.config = config;
  }

  @Override
  public String name() {
    return "http";
  }

  @Override
  public Finding look() {
    try {
      if (config.httpPort() != UndercurrentConfig.HTTP_OFF) {
        Token.of(config.httpTokenFile(), System.getenv(Token.ENVIRONMENT));
        Tls.of(config);
        bind(config.httpHost(), config.httpPort());
      }
      if (config.httpManagementPort() != UndercurrentConfig.HTTP_OFF) {
        bind(config.httpManagementHost(), config.httpManagementPort());
      }
      return ok(served());
    } catch (SettingsException e) {
      return failed(e.getMessage(), "");
    } catch (IOException e) {
      return failed(
          e.getMessage(),
          "stop what has the port, for example another instance, or set another"
              + " undercurrent.http.port");
    }
  }

  private String served() {
    if (config.httpPort() == UndercurrentConfig.HTTP_OFF) {
      return config.httpManagementPort() == UndercurrentConfig.HTTP_OFF
          ? "off"
          : "health and metrics alone";
    }
    return "%s can be bound".formatted(address(config.httpHost(), config.httpPort()));
  }

  private static void bind(String host, int port) throws IOException {
    try (ServerSocket socket = new ServerSocket()) {
      socket.setReuseAddress(true);
      socket.bind(new InetSocketAddress(host, port));
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException(
          "%s cannot be bound: %s".formatted(address(host, port), e.getMessage()), e);
    }
  }

  private static String address(String host, int port) {
    return host + ":" + port;
  }
}
