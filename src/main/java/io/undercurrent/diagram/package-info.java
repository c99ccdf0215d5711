/** Draws directed graphs, as Mermaid and as SVG. Knows nothing of what they stand for. */
package io.undercurrent.diagram;
