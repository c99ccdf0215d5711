/**
 * Draws directed graphs of what records lie in, of what is done with them and of what is
 * remembered, as Mermaid and as SVG. Where a graph comes from it does not know.
 */
package io.undercurrent.diagram;
