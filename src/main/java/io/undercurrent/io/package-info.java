/**
 * Reading and writing for every package: strict JSON ({@link io.undercurrent.io.Json}), lines of
 * text ({@link io.undercurrent.io.Lines}) and files that are replaced atomically ({@link
 * io.undercurrent.io.AtomicFile}).
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.io;
