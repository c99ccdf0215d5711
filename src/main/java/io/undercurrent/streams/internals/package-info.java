/**
 * Inside the plugin: the processor, its look-ahead, the byte formats of states and memories, and
 * the stores that hold them.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.streams.internals;
