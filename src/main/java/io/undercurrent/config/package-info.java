/**
 * Settings: our own, all starting with {@code undercurrent.}, and Kafka's, which pass through under
 * their own names. Mirrors the folder {@code config/}.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.config;
