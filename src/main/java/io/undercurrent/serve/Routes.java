package io.undercurrent.serve;

import io.javalin.config.JavalinConfig;

/** A group of an endpoint's routes. The endpoint closes it before it stops. */
sealed interface Routes extends AutoCloseable permits QueryRoutes, LiveRoutes {

  /** Adds them; called once, by the endpoint. */
  void add(JavalinConfig config);

  /** Ends requests that are still being answered; further calls do nothing. */
  @Override
  void close();
}
