/**
 * Answers questions about the keys of a running application: their state, their likely next words,
 * their last records token by token. Never changes a state.
 */
package io.undercurrent.query;
