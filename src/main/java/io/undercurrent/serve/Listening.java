package io.undercurrent.serve;

import java.util.List;

/**
 * Where an endpoint listens, and to whom it answers.
 *
 * @param host the address to bind; {@code 0.0.0.0} for all
 * @param port 0 for any free one
 */
record Listening(String host, int port, Door door) {

  /** Listens to everybody who names the host, or an IP address. */
  static Listening on(String host, int port) {
    return new Listening(host, port, new Door(List.of(host), List.of(), null));
  }
}
