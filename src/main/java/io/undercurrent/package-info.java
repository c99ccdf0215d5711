/** Undercurrent. */
package io.undercurrent;
