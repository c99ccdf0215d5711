/**
 * What {@code run} and {@code demo} are made of: topology definitions, the topology that one
 * describes, topics, and one running instance.
 *
 * <pre>
 *   source topics -> decode -> [by-key, if the key is in the value] -> enrich -> enriched topic
 *                      \________________________________________________/
 *                            records that cannot be used -> dead letters
 * </pre>
 */
package io.undercurrent.app;
