package io.undercurrent.fuzz;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * All targets in one JVM, for the short form: starting Jazzer takes longer than it may fuzz there.
 * The first byte of an input chooses the target.
 */
final class AllFuzz implements FuzzTarget {

  static final String NAME = "all";

  private final List<FuzzTarget> targets =
      FuzzTargets.names().stream().map(FuzzTargets::of).toList();

  /** The name of the target that an input is for. */
  static String target(byte[] input) {
    List<String> names = FuzzTargets.names();
    return names.get(new Input(input).choice(names.size()));
  }

  @Override
  public void read(byte[] bytes) throws Exception {
    Input input = new Input(bytes);
    targets.get(input.choice(targets.size())).read(input.rest());
  }

  @Override
  public long maxAllocation(int inputBytes) {
    return targets.stream().mapToLong(target -> target.maxAllocation(inputBytes)).max().orElse(0);
  }

  /** The seeds of all targets, and all kept inputs. */
  @Override
  public List<byte[]> seeds() throws Exception {
    List<byte[]> seeds = new ArrayList<>();
    for (int i = 0; i < targets.size(); i++) {
      for (byte[] seed : targets.get(i).seeds()) {
        seeds.add(Input.of(i, seed));
      }
      for (Path file : KeptInputs.of(FuzzTargets.names().get(i))) {
        seeds.add(Input.of(i, Files.readAllBytes(file)));
      }
    }
    return seeds;
  }

  @Override
  public void close() {
    targets.forEach(FuzzTarget::close);
  }
}
