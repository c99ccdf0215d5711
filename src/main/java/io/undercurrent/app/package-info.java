/**
 * The application that {@code run} and {@code demo} start: topology definitions, the topology that
 * a definition describes, its topics, and one running instance.
 *
 * <pre>
 *   source topics -> decode -> [by-key, if the key is in the value] -> enrich -> enriched topic
 *                      \________________________________________________/
 *                            records that cannot be used -> dead letters
 * </pre>
 */
package io.undercurrent.app;
