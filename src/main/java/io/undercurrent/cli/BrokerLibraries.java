package io.undercurrent.cli;

import io.undercurrent.app.AppException;

/** The libraries of Kafka's broker. The container image has none. */
final class BrokerLibraries {

  private static final String BROKER = "kafka.server.KafkaRaftServer";

  private BrokerLibraries() {}

  /**
   * Checks that a broker can be started.
   *
   * @param command what needs it
   * @throws AppException if the libraries are missing
   */
  static void require(String command) {
    try {
      Class.forName(BROKER, false, BrokerLibraries.class.getClassLoader());
    } catch (ClassNotFoundException e) {
      throw new AppException(
          command
              + " must have the libraries of Kafka's broker, found none: a container image leaves them"
              + " out. Run it in a checkout of the project (./undercurrent "
              + command
              + ")",
          e);
    }
  }
}
