package io.undercurrent.train;

import io.undercurrent.inference.Inference;
import io.undercurrent.inference.Reading;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Memory;
import io.undercurrent.model.Model;
import java.util.List;

/** What the suites measure. */
@FunctionalInterface
interface Classifier {

  /** The label of a text that got no scores. */
  int NONE = -1;

  /**
   * The scores of the classes for the last turn of a conversation that starts from the initial
   * state; all the same if it has no token.
   */
  double[] scores(List<String> turns);

  /** The class with the highest score; {@link #NONE} if all are the same. */
  default int label(List<String> turns) {
    double[] scores = scores(turns);
    boolean same = true;
    int best = 0;
    for (int k = 1; k < scores.length; k++) {
      same &= scores[k] == scores[0];
      best = scores[k] > scores[best] ? k : best;
    }
    return same ? NONE : best;
  }

  /** A model as a classifier; for one thread. */
  static Classifier of(Model model) {
    return of(model, 0, false);
  }

  /**
   * A model as a classifier that computes more than the classes; for one thread.
   *
   * @param nextTokens how many next tokens are searched
   * @param surprise whether the surprise is computed
   */
  static Classifier of(Model model, int nextTokens, boolean surprise) {
    int maxTokens = 512; // more than any text of the suites has
    Inference inference = new Inference(model, maxTokens, nextTokens, surprise);
    HiddenState initial = model.initialState();
    int classes = model.config().classes();
    return turns -> {
      HiddenState state = initial.copy();
      Memory memory = inference.memory();
      Reading last = null;
      for (String turn : turns) {
        last = inference.read(turn, state, memory);
      }
      return Evaluation.doubles(last.probabilities(), classes);
    };
  }
}
