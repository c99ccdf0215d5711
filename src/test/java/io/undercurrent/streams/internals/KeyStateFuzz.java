package io.undercurrent.streams.internals;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.LetterModel;
import io.undercurrent.fuzz.FuzzTarget;
import io.undercurrent.fuzz.Input;
import io.undercurrent.fuzz.OneLineMessage;
import io.undercurrent.inference.KeyState;
import io.undercurrent.model.CellType;
import io.undercurrent.model.Model;
import io.undercurrent.model.StatePrecision;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Any bytes as the stored state of a key: what is read is written as a state that is the same. */
public final class KeyStateFuzz implements FuzzTarget {

  private final List<Model> models = new ArrayList<>();
  private final List<KeyStateFormat> formats = new ArrayList<>();

  /** All kinds of networks, with each precision. */
  public KeyStateFuzz() {
    for (CellType kind : CellType.values()) {
      for (StatePrecision precision : StatePrecision.values()) {
        add(LetterModel.of(kind, kind == CellType.FFNN ? 3 : 1, 1).withStatePrecision(precision));
      }
    }
    add(LetterModel.looking(1));
  }

  private void add(Model model) {
    models.add(model);
    formats.add(new KeyStateFormat(model));
  }

  /** Choice: the model. */
  @Override
  public void read(byte[] bytes) {
    Input input = new Input(bytes);
    KeyStateFormat format = formats.get(input.choice(formats.size()));
    Optional<KeyState> read;
    try {
      read = format.deserialize(input.rest());
    } catch (StateFormatException e) {
      OneLineMessage.check(e);
      return;
    }
    if (read.isPresent()) {
      byte[] written = format.serialize(read.get());
      assertThat(format.serialize(format.deserialize(written).orElseThrow())).isEqualTo(written);
    }
  }

  @Override
  public List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    for (int i = 0; i < models.size(); i++) {
      KeyState state =
          new KeyState(7, 91, 1_790_000_000_000L, -0.625, models.get(i).initialState());
      seeds.add(Input.of(i, formats.get(i).serialize(state)));
      seeds.add(Input.of(i, formats.get(i).serialize(KeyState.fresh(models.get(i)))));
    }
    return seeds;
  }
}
