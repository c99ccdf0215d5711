package io.undercurrent.serve;

import java.util.List;
import javax.net.ssl.SSLContext;

/**
 * Where an endpoint listens, and to whom it answers.
 *
 * @param host the address to bind; {@code 0.0.0.0} for all
 * @param port 0 for any free one
 * @param tls null without encryption
 * @param managementPort a second port for health and metrics, without token and encryption; 0 for
 *     any free one, {@link #NONE} for none
 */
record Listening(String host, int port, Door door, SSLContext tls, int managementPort) {

  static final int NONE = -1;

  /** Listens to everybody who names the host, or an IP address. */
  static Listening on(String host, int port) {
    return new Listening(host, port, new Door(List.of(host), List.of(), null), null, NONE);
  }
}
