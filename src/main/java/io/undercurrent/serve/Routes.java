package io.undercurrent.serve;

import io.javalin.config.RoutesConfig;

/** Some of an endpoint's routes. Closed before the endpoint stops. */
sealed interface Routes extends AutoCloseable permits QueryRoutes, LiveRoutes {

  /** Adds them; called once, by the endpoint. */
  void add(RoutesConfig routes);

  /** Ends what still goes on for a request; further calls do nothing. */
  @Override
  void close();
}
