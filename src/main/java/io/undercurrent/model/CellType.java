package io.undercurrent.model;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** The kind of a network's layers. */
public enum CellType {
  /**
   * Feed-forward over the last n tokens, h = tanh(W_ih [e_{t-n+1}; ..; e_t] + b_ih); layers above
   * the first read the h below. Its only memory is those tokens.
   */
  FFNN(new TanhCell(), false),
  /** Elman: h' = tanh(W_ih x + b_ih + W_hh h + b_hh). */
  RNN(new TanhCell(), true),
  /** Four gates and a cell state; see {@link LstmCell}. */
  LSTM(new LstmCell(), true),
  /** Three gates; see {@link GruCell}. */
  GRU(new GruCell(), true),
  /** Gates of the input and of c unit by unit; see {@link SruCell}. */
  SRU(new SruCell(), true),
  /** Gates of the input alone; see {@link MinGruCell}. */
  MINGRU(new MinGruCell(), true);

  private final Cell cell;
  private final boolean recurrent;

  CellType(Cell cell, boolean recurrent) {
    this.cell = cell;
    this.recurrent = recurrent;
  }

  /** The cell that computes each layer's step. */
  public Cell cell() {
    return cell;
  }

  /** Whether a state is carried from token to token; otherwise a window of tokens is read. */
  public boolean recurrent() {
    return recurrent;
  }

  /** Whether a layer multiplies its own h of the previous step, and so has a {@code weight_hh}. */
  public boolean multipliesH() {
    return recurrent && cell.multipliesH();
  }

  /**
   * Whether the next step reads c and no h, so that of a state only c and the top h, which the
   * heads read, are kept.
   */
  public boolean keepsOnlyTopH() {
    return recurrent && cell.hasCellState() && !cell.multipliesH();
  }

  /** The kind with this name in {@code config.json}. */
  public static CellType of(String name) {
    return Arrays.stream(values())
        .filter(kind -> kind.toString().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "kind must be one of "
                        + Arrays.stream(values())
                            .map(CellType::toString)
                            .collect(Collectors.joining(", "))
                        + ", found "
                        + name));
  }

  /** As {@code config.json} writes it. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
