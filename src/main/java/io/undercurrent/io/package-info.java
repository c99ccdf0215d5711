/**
 * Reading and writing for every package: strict JSON ({@link io.undercurrent.io.Json}), lines of
 * text ({@link io.undercurrent.io.Lines}), files that are replaced atomically ({@link
 * io.undercurrent.io.AtomicFile}) or that others cannot read ({@link
 * io.undercurrent.io.OwnerOnly}), files of a limited size ({@link io.undercurrent.io.SmallFile}),
 * and names that are nearly right ({@link io.undercurrent.io.EditDistance}).
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.io;
