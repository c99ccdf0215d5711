/**
 * The commands of {@code ./undercurrent}, and the only place that wires everything together. A
 * command's mistakes end in one line on standard error and a non-zero exit code.
 */
package io.undercurrent.cli;
