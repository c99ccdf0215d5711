/** Queries about the keys of your running application. Never changes a state. */
package io.undercurrent.query;
