package io.undercurrent.serve;

import javax.net.ssl.SSLContext;

/**
 * Where an endpoint listens, and to whom it answers. At least one of the ports is not {@link
 * #NONE}.
 *
 * @param host the address to bind; {@code 0.0.0.0} for all
 * @param port 0 for any free one, {@link #NONE} for none
 * @param tls null without encryption
 * @param managementHost the address to bind for the second port
 * @param managementPort a second port for health and metrics, without token and encryption; 0 for
 *     any free one, {@link #NONE} for none
 */
record Listening(
    String host, int port, Door door, SSLContext tls, String managementHost, int managementPort) {

  static final int NONE = -1;
}
