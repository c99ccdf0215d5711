package io.undercurrent.app;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.OneLineMessage;

/** Any bytes as a topology definition. */
public final class DefinitionFuzz implements FuzzTarget {

  @Override
  public void read(byte[] input) {
    try {
      TopologyDefinition definition = TopologyDefinition.read("topology.yaml", input);
      assertThat(definition.topics()).isNotEmpty().doesNotContain(definition.enriched());
    } catch (DefinitionException e) {
      OneLineMessage.check(e);
    }
  }
}
