/**
 * The HTTP endpoint of a running app: meters for Prometheus, health for the supervisor, queries
 * about keys ({@link io.undercurrent.serve.QueryRoutes}), and the live page ({@link
 * io.undercurrent.serve.LiveRoutes}). {@link io.undercurrent.serve.Door} says which requests are
 * answered at all.
 *
 * <p>It is not part of the flow: it reads through suppliers and the app's queries, and uses neither
 * Kafka nor the meters' registry.
 */
package io.undercurrent.serve;
