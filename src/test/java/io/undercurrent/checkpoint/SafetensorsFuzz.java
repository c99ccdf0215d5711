package io.undercurrent.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.checkpoint.Safetensors.Dtype;
import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.OneLineMessage;
import io.undercurrent.model.Parameters;
import io.undercurrent.model.Tensor;
import java.util.List;

/** Any bytes as a file of tensors: what is read is written as a file of the same values. */
public final class SafetensorsFuzz implements FuzzTarget {

  private static final List<Tensor> TENSORS = List.of(new Tensor("a", 2, 3), new Tensor("b", 4));

  @Override
  public void read(byte[] input) {
    Parameters read;
    try {
      read = Safetensors.read("f", input, TENSORS);
    } catch (CheckpointException e) {
      OneLineMessage.check(e);
      return;
    }
    byte[] written = Safetensors.write(read, Dtype.F32);
    assertThat(Safetensors.read("f", written, TENSORS).values()).containsExactly(read.values());
  }

  @Override
  public List<byte[]> seeds() {
    Parameters parameters = new Parameters(TENSORS);
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = i / 4f;
    }
    return List.of(
        Safetensors.write(parameters, Dtype.F32), Safetensors.write(parameters, Dtype.F16));
  }
}
