/**
 * Settings: our own, all starting with {@code undercurrent.}, and Kafka's, which pass through under
 * their own names. Mirrors the folder {@code config/}.
 */
package io.undercurrent.config;
