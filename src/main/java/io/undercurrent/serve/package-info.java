/**
 * What a running app shows of itself over HTTP: meters for Prometheus and health for whoever
 * restarts it.
 *
 * <p>Stands beside the flow: it reads through suppliers and knows neither Kafka nor the meters'
 * registry.
 */
package io.undercurrent.serve;
