package io.undercurrent.inference;

import io.undercurrent.inference.Reading.NextToken;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.Network;
import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.StatePrecision;
import io.undercurrent.model.TopK;
import io.undercurrent.text.Encoding;
import io.undercurrent.text.TokenDecoder;
import io.undercurrent.text.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Continues a text. Holds scratch buffers, so each thread needs its own; the model is shared.
 *
 * <p>The continuation depends only on the state, the prompt, the sampling and the random numbers.
 * It never contains an unknown word.
 */
public final class Generator {

  /** The maximum number of tokens in a prompt. */
  public static final int MAX_PROMPT_TOKENS = 65_536;

  private final Tokenizer tokenizer;
  private final Network network;
  private final StatePrecision precision;
  private final NextTokenHead head;
  private final Network.Scratch scratch;
  private final NextTokenHead.Scratch expected; // (1) position
  private final float[] probabilities; // (V)
  private final boolean[] words; // (V) that may come next

  /**
   * A prompt that the network has read: the beginning of a record.
   *
   * @param ids its tokens
   * @param spaced whether the text ends in a space that belongs to no token
   */
  public record Prompt(int[] ids, boolean spaced) {}

  /**
   * A continuation.
   *
   * @param records the rest of the prompt's record, and the records after it
   * @param tokens the number of tokens drawn, without ends of records
   * @param ended whether the last record is complete; false if the limit of tokens cut it
   */
  public record Continuation(List<String> records, int tokens, boolean ended) {}

  public Generator(Model model) {
    tokenizer = model.tokenizer();
    network = model.network();
    precision = model.statePrecision();
    head = network.nextToken();
    scratch = network.scratch();
    expected = head.scratch(1);
    probabilities = new float[tokenizer.size()];
    words = model.words();
  }

  /**
   * Reads the beginning of a record. {@code state} becomes the state after it.
   *
   * @throws IllegalArgumentException if it has more than {@value #MAX_PROMPT_TOKENS} tokens
   */
  public Prompt read(String text, HiddenState state) {
    Encoding encoding = tokenizer.encode(text, MAX_PROMPT_TOKENS);
    if (encoding.truncated()) {
      throw new IllegalArgumentException(
          "prompt must have <= " + MAX_PROMPT_TOKENS + " tokens, found more");
    }
    for (int id : encoding.ids()) {
      network.step(id, state, scratch);
    }
    boolean spaced = endsInSpace(text) && !endsInSpace(tokenizer.decode(encoding.ids()));
    return new Prompt(encoding.ids(), spaced);
  }

  private static boolean endsInSpace(String text) {
    return !text.isEmpty() && " \t\r\n".indexOf(text.charAt(text.length() - 1)) >= 0;
  }

  /**
   * The likeliest next words, most probable first, with their probabilities among all tokens.
   *
   * @param max the maximum number of words, at least 1
   */
  public List<NextToken> next(HiddenState state, int max) {
    expect(state);
    TopK topK = new TopK(1, Math.min(max, words.length));
    head.top(0, words, topK, expected);
    List<NextToken> next = new ArrayList<>();
    for (int i = 0; i < topK.count(0); i++) {
      next.add(new NextToken(topK.id(0, i), topK.probability(0, i)));
    }
    return next;
  }

  /**
   * Continues a prompt until enough records have ended or the limit of tokens is reached. {@code
   * state} becomes the state after the continuation.
   *
   * @param prompt returned by {@link #read}
   * @param state the state after the prompt
   * @param maxTokens the maximum number of tokens to draw, at least 1
   * @param records the number of records to complete, at least 1
   */
  public Continuation write(
      Prompt prompt,
      HiddenState state,
      Sampling sampling,
      int maxTokens,
      int records,
      SplittableRandom random) {
    List<String> written = new ArrayList<>();
    TokenDecoder decoder = tokenizer.decoder();
    for (int id : prompt.ids) {
      decoder.skip(id);
    }
    StringBuilder text = new StringBuilder();
    int tokens = 0;
    while (written.size() < records) {
      int id = draw(state, sampling, random);
      if (id == tokenizer.endOfRecord()) {
        written.add(text.append(decoder.finish()).toString());
        text.setLength(0);
        decoder = tokenizer.decoder();
      } else if (tokens == maxTokens) {
        break; // the limit is reached before the end of the record
      } else {
        tokens++;
        text.append(decoder.append(id));
      }
      network.step(id, state, scratch);
      if (id == tokenizer.endOfRecord()) {
        precision.round(state, network.config().kind());
      }
    }
    boolean ended = written.size() == records;
    if (!ended) {
      written.add(text.append(decoder.finish()).toString());
    }
    if (prompt.spaced && written.get(0).startsWith(" ")) {
      written.set(0, written.get(0).substring(1));
    }
    return new Continuation(List.copyOf(written), tokens, ended);
  }

  private int draw(HiddenState state, Sampling sampling, SplittableRandom random) {
    expect(state);
    head.probabilities(0, probabilities, expected);
    for (int id = 0; id < probabilities.length; id++) {
      if (tokenizer.isUnknown(id)) {
        probabilities[id] = 0;
      }
    }
    int id = sampling.draw(probabilities, random);
    return id < 0 ? tokenizer.endOfRecord() : id;
  }

  private void expect(HiddenState state) {
    float[] h = state.top();
    System.arraycopy(h, 0, expected.h(), 0, h.length);
    head.expect(1, expected);
  }
}
