package io.undercurrent.streams.internals;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import io.undercurrent.fuzz.OneLineMessage;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.TinyModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Any bytes as one record of a key's memory: what is read is written as the same bytes. */
public final class MemoryEntryFuzz implements FuzzTarget {

  private static final int HIDDEN_SIZE = 13; // of TinyModel.looking
  private static final Cache FOUR = new Cache(4, 1, 0.1f);

  private final List<MemoryFormat> formats =
      List.of(
          format(new Attention(3, 4), FOUR),
          format(new Attention(3, 4), Cache.NONE),
          format(Attention.NONE, FOUR));

  private static MemoryFormat format(Attention attention, Cache cache) {
    Model model = TinyModel.looking(attention, cache, 1).model();
    return new MemoryFormat(model);
  }

  /** Choices: the model; the record's number. */
  @Override
  public void read(byte[] bytes) {
    Input input = new Input(bytes);
    MemoryFormat format = formats.get(input.choice(formats.size()));
    int record = input.choice();
    byte[] stored = input.rest();
    Optional<Memory.Entry> read;
    try {
      read = format.deserialize(record, stored);
    } catch (StateFormatException e) {
      OneLineMessage.check(e);
      return;
    }
    if (read.isPresent()) {
      assertThat(format.serialize(read.get())).isEqualTo(stored);
      assertThat(format.sizeInBytes(read.get().tokens().length)).isEqualTo(stored.length);
    }
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    int[] rows = {3, 1, 3}; // of two tokens
    for (int i = 0; i < formats.size(); i++) {
      Memory.Entry entry = new Memory.Entry(1, new int[] {5, 6}, new short[rows[i]][HIDDEN_SIZE]);
      seeds.add(Input.of(i, Input.of(1, formats.get(i).serialize(entry))));
    }
    return seeds;
  }
}
