package io.undercurrent;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Requests that the JDK's client refuses to send, byte by byte. */
public final class RawHttp {

  private static final int TIMEOUT_MS = 20_000;

  /**
   * @param head status line and headers
   */
  public record Answer(int status, String head, String body) {

    /** A header's value; an empty string without the header. */
    public String header(String name) {
      return head.lines()
          .filter(line -> line.regionMatches(true, 0, name + ": ", 0, name.length() + 2))
          .findFirst()
          .map(line -> line.substring(name.length() + 2))
          .orElse("");
    }
  }

  private RawHttp() {}

  /**
   * Sends a GET of a path, each char as one byte.
   *
   * @param headers whole lines; one of them must be the Host
   */
  public static Answer get(int port, String path, String... headers) throws IOException {
    return send(
        port,
        "GET "
            + path
            + " HTTP/1.1\r\n"
            + String.join("\r\n", headers)
            + "\r\nConnection: close\r\n\r\n");
  }

  /** Sends a whole request, each char as one byte, and reads until the other end closes. */
  public static Answer send(int port, String request) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", port)) {
      socket.setSoTimeout(TIMEOUT_MS);
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      socket.getOutputStream().flush();
      String all = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      int end = all.indexOf("\r\n\r\n");
      return new Answer(
          Integer.parseInt(all.split(" ", 3)[1]), all.substring(0, end), all.substring(end + 4));
    }
  }
}
