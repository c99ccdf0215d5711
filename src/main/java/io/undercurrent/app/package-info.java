/**
 * The application that {@code run} and {@code demo} start: topology definitions, the topology that
 * a definition describes, its topics, and one running instance.
 *
 * <pre>
 *   source topics -> decode -> [by-key -> check-timestamp] -> enrich -> enriched topic
 *                      \_______________________\________________/
 *                         records that cannot be used -> dead letters
 * </pre>
 *
 * <p>The steps in brackets are there if the key is in the value.
 */
package io.undercurrent.app;
