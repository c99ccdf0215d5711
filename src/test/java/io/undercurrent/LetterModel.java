package io.undercurrent;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.Labels;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.TokenDecoder;
import io.undercurrent.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A real network, small and random: V = 50, E = 6, H = 8, two layers; words are letters. */
public final class LetterModel {

  private static final int VOCABULARY = 50;

  private LetterModel() {}

  /**
   * An LSTM; the same seed gives the same model, another one another model with another
   * fingerprint.
   */
  public static Model of(long seed) {
    return of(CellType.LSTM, 1, seed);
  }

  /** The same of any kind. */
  public static Model of(CellType kind, int window, long seed) {
    return of(kind, window, Attention.NONE, Cache.NONE, seed);
  }

  /** An LSTM that attends to three records and has a cache of seven tokens. */
  public static Model looking(long seed) {
    return of(CellType.LSTM, 1, new Attention(3, 5), new Cache(7, 0.8f, 0.25f), seed);
  }

  /** An LSTM with labels of its own. */
  public static Model with(Labels labels, long seed) {
    return of(config(CellType.LSTM, 1, Attention.NONE, Cache.NONE).withLabels(labels), seed);
  }

  /** The same of any kind, with what it looks back at. */
  public static Model of(CellType kind, int window, Attention attention, Cache cache, long seed) {
    return of(config(kind, window, attention, cache), seed);
  }

  private static ModelConfig config(CellType kind, int window, Attention attention, Cache cache) {
    return new ModelConfig(
        "tiny",
        kind,
        VOCABULARY,
        6,
        8,
        2,
        window,
        Pooling.CONCAT,
        ModelConfig.NextToken.FULL,
        attention,
        cache);
  }

  private static Model of(ModelConfig config, long seed) {
    Parameters parameters = new Parameters(config.tensors());
    SplittableRandom random = new SplittableRandom(seed);
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = (float) (2 * random.nextDouble() - 1);
    }
    return new Model(
        config,
        new LetterTokenizer(),
        new Network(config, parameters, Kernels.best()),
        "%012x".formatted(seed));
  }

  /** Words between spaces; a to z and A to V are known. Token 0 ends a record, 1 is unknown. */
  private static final class LetterTokenizer implements Tokenizer {

    private static final String LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV";

    @Override
    public Encoding encode(String text, int maxTokens, boolean spans) {
      List<Integer> ids = new ArrayList<>();
      List<Integer> ends = new ArrayList<>(); // where the next token begins
      int unknown = 0;
      int at = 0;
      while (at < text.length()) {
        int end = text.indexOf(' ', at) < 0 ? text.length() : text.indexOf(' ', at);
        if (end > at) {
          if (!ids.isEmpty()) {
            ends.add(at);
          }
          if (ids.size() == maxTokens) {
            return encoding(ids, ends, unknown, at, true, spans);
          }
          int letter = end == at + 1 ? LETTERS.indexOf(text.charAt(at)) : -1;
          ids.add(letter < 0 ? 1 : letter + 2);
          unknown += letter < 0 ? 1 : 0;
        }
        at = end + 1;
      }
      if (!ids.isEmpty()) {
        ends.add(text.length());
      }
      return encoding(ids, ends, unknown, text.length(), false, spans);
    }

    private static Encoding encoding(
        List<Integer> ids,
        List<Integer> ends,
        int unknown,
        int end,
        boolean truncated,
        boolean spans) {
      return new Encoding(
          array(ids), spans ? array(ends) : Encoding.NO_SPANS, unknown, end, truncated);
    }

    private static int[] array(List<Integer> values) {
      return values.stream().mapToInt(Integer::intValue).toArray();
    }

    @Override
    public String type() {
      return "letters";
    }

    @Override
    public int size() {
      return VOCABULARY;
    }

    @Override
    public String token(int id) {
      return id == 0 ? "<eor>" : id == 1 ? "<unk>" : LETTERS.substring(id - 2, id - 1);
    }

    @Override
    public int endOfRecord() {
      return 0;
    }

    @Override
    public boolean isUnknown(int id) {
      return id == 1;
    }

    @Override
    public boolean isWord(int id) {
      return id >= 2;
    }

    @Override
    public TokenDecoder decoder() {
      return new TokenDecoder() {
        private String space = "";

        @Override
        public void skip(int id) {
          append(id);
        }

        @Override
        public String append(int id) {
          String text = space + token(id);
          space = " ";
          return text;
        }

        @Override
        public String finish() {
          return "";
        }
      };
    }

    @Override
    public byte[] toJson() {
      return new byte[0];
    }
  }
}
