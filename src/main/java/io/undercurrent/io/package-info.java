/**
 * What every package may use to read and write: strict JSON ({@link io.undercurrent.io.Json}),
 * lines of text ({@link io.undercurrent.io.Lines}) and files that are replaced as a whole ({@link
 * io.undercurrent.io.AtomicFile}).
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.io;
