/**
 * Inside the plugin: the processor, its look-ahead, the byte formats of states and memories, and
 * the stores that hold them. Not part of the API.
 */
package io.undercurrent.streams.internals;
