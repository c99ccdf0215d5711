package io.undercurrent.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.undercurrent.checkpoint.Checkpoint;
import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.CellType;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.Parameters;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A next-token head, its weights, and the positions at which it predicts: those of the demo's
 * messages, divided into calls.
 *
 * @param model the model with these weights: {@code en-chat}, or {@code random}
 * @param method {@code adaptive} with the cutoffs of {@code en-chat}, or {@code full}
 */
public record HeadCase(String model, String method, ModelConfig config, Parameters parameters) {

  /** The number of likeliest tokens wanted at the end of a message. */
  static final int TOP = 5;

  static final int MESSAGES = 64;
  private static final int MAX_TOKENS = 256;
  private static final String EN_CHAT = "en-chat";

  /**
   * The input of one call.
   *
   * @param h (P, H)
   * @param targets (P) the token read at each position
   * @param ends the positions where a message ends, ascending; the last position if there is none,
   *     because ONNX Runtime 1.29.0 crashes in {@code TopK} of no rows
   */
  record Call(float[] h, int[] targets, int[] ends) {}

  /** The adaptive softmax and the full one, for each network. */
  static List<List<HeadCase>> all() {
    Checkpoint shipped = Checkpoint.read(Checkpoint.DEFAULT);
    List<List<HeadCase>> all = new ArrayList<>();
    all.add(
        List.of(
            new HeadCase(EN_CHAT, "adaptive", shipped.config(), shipped.parameters()),
            random("full", shipped.config().hiddenSize(), NextToken.FULL)));
    for (int hidden : new int[] {256, 512}) {
      all.add(
          List.of(
              random("adaptive", hidden, shipped.config().nextToken()),
              random("full", hidden, NextToken.FULL)));
    }
    return all;
  }

  /** Weights uniform in +-0.1, and biases that give tokens the frequencies of Zipf's law. */
  private static HeadCase random(String method, int hidden, NextToken nextToken) {
    ModelConfig config =
        new ModelConfig(
            "random",
            CellType.LSTM,
            StepCase.VOCABULARY,
            8, // the head sees no embeddings
            hidden,
            1,
            1,
            Pooling.LAST,
            nextToken);
    Parameters parameters = new Parameters(config.tensors());
    SplittableRandom random = new SplittableRandom(hidden);
    for (int i = 0; i < parameters.values().length; i++) {
      parameters.values()[i] = (float) (0.2 * random.nextDouble() - 0.1);
    }
    int bias = parameters.offset(config.headBias());
    int frequent = config.clusterStart(0);
    for (int id = 0; id < frequent; id++) {
      parameters.values()[bias + id] = (float) -Math.log(id + 1);
    }
    for (int i = 0; i < nextToken.clusters(); i++) {
      double mass = 0;
      for (int id = config.clusterStart(i); id < config.clusterStart(i + 1); id++) {
        mass += 1.0 / (id + 1);
      }
      parameters.values()[bias + frequent + i] = (float) Math.log(mass);
    }
    return new HeadCase("random", method, config, parameters);
  }

  Network network() {
    return new Network(config, parameters, Kernels.best());
  }

  /**
   * Divides the messages' positions into calls of {@code positions} each, with fewer in the last;
   * for 0 each message is one call. For {@code en-chat}, h is the model's own; otherwise it is
   * random.
   */
  static List<Call> calls(HeadCase one, int positions) {
    Model words = Checkpoint.load(Checkpoint.DEFAULT);
    int hidden = one.config.hiddenSize();
    Network.Scratch scratch = words.network().scratch();
    SplittableRandom random = new SplittableRandom(hidden);
    List<float[]> h = new ArrayList<>();
    List<Integer> targets = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    List<Call> calls = new ArrayList<>();
    for (String text : messages()) {
      int[] ids = words.tokenizer().encode(text, MAX_TOKENS).ids();
      HiddenState state = words.initialState();
      for (int t = 0; t <= ids.length; t++) {
        h.add(one.model.equals(EN_CHAT) ? state.top().clone() : floats(random, hidden));
        if (t == ids.length) {
          ends.add(targets.size());
        }
        int target = t < ids.length ? ids[t] : words.tokenizer().endOfRecord();
        targets.add(target);
        words.network().step(target, state, scratch);
        boolean whole = positions == 0 ? t == ids.length : targets.size() == positions;
        if (whole) {
          calls.add(call(h, targets, ends));
        }
      }
    }
    if (!targets.isEmpty()) {
      calls.add(call(h, targets, ends));
    }
    return calls;
  }

  private static Call call(List<float[]> h, List<Integer> targets, List<Integer> ends) {
    int hidden = h.get(0).length;
    float[] rows = new float[h.size() * hidden];
    for (int r = 0; r < h.size(); r++) {
      System.arraycopy(h.get(r), 0, rows, r * hidden, hidden);
    }
    if (ends.isEmpty()) {
      ends.add(targets.size() - 1);
    }
    Call call = new Call(rows, ints(targets), ints(ends));
    h.clear();
    targets.clear();
    ends.clear();
    return call;
  }

  private static int[] ints(List<Integer> list) {
    return list.stream().mapToInt(i -> i).toArray();
  }

  private static float[] floats(SplittableRandom random, int n) {
    float[] x = new float[n];
    for (int i = 0; i < n; i++) {
      x[i] = (float) (2 * random.nextDouble() - 1);
    }
    return x;
  }

  /** Messages taken evenly from the demo's. */
  static List<String> messages() {
    List<String> all = demo();
    List<String> some = new ArrayList<>();
    for (int i = 0; i < MESSAGES; i++) {
      some.add(all.get(i * all.size() / MESSAGES));
    }
    return some;
  }

  /** All texts of the demo. */
  public static List<String> demo() {
    ObjectMapper json = new ObjectMapper();
    List<String> texts = new ArrayList<>();
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                HeadCase.class.getResourceAsStream("/demo/conversations.jsonl"),
                StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        String text = json.readTree(line).path("text").asText();
        if (!text.isBlank()) {
          texts.add(text);
        }
      }
      return texts;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  float[] tensor(String name) {
    return parameters.copy(name);
  }

  @Override
  public String toString() {
    return "%s, H %d, %s".formatted(model, config.hiddenSize(), method);
  }
}
