/** Answers questions about the keys of a running application of your own. Never changes a state. */
package io.undercurrent.query;
