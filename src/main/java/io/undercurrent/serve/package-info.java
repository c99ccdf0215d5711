/**
 * What a running app shows of itself over HTTP: meters for Prometheus, health for whoever restarts
 * it, answers about keys ({@link io.undercurrent.serve.QueryRoutes}), and a page to watch ({@link
 * io.undercurrent.serve.LiveRoutes}).
 *
 * <p>Stands beside the flow: it reads through suppliers and the topology's queries, and knows
 * neither Kafka nor the meters' registry.
 */
package io.undercurrent.serve;
