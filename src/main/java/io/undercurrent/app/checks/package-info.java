/**
 * What must be right before the application can run: the machine, the connection to the brokers,
 * rights, topics, the group. {@code run} makes these checks before it starts, {@code doctor} makes
 * them alone.
 */
package io.undercurrent.app.checks;
