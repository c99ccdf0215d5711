/**
 * The commands of {@code ./undercurrent}. Only this package wires the others together. A failed
 * command prints one line on standard error and exits with 1, or with 2 for wrong usage.
 */
package io.undercurrent.cli;
