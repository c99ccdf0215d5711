package io.undercurrent.serve;

import io.javalin.config.JavalinConfig;

/** Some of an endpoint's routes. Closed before the endpoint stops. */
public sealed interface Routes extends AutoCloseable permits QueryRoutes, LiveRoutes {

  /** Adds them; called once, by the endpoint. */
  void add(JavalinConfig config);

  /** Ends what still goes on for a request; further calls do nothing. */
  @Override
  void close();
}
