/**
 * The implementation of queries, for the API and the HTTP server: where a key is, its state and
 * likely next words, its last records token by token, and texts enriched outside the stream. Never
 * changes a state.
 *
 * <p>Internal: may change without notice.
 */
package io.undercurrent.query.internals;
