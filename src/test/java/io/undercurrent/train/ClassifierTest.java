package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.inference.Inference;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.Model;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.TinyModel;
import java.util.List;
import org.junit.jupiter.api.Test;

class ClassifierTest {

  private static final Model MODEL = TinyModel.of(5, 9, 2, Pooling.CONCAT, 4).model();

  @Test
  void shouldCarryTheStateFromTurnToTurn() {
    Classifier classifier = Classifier.of(MODEL);
    Inference inference = new Inference(MODEL, 512, 0, false);
    HiddenState state = MODEL.initialState().copy();
    inference.read("the food was good", state);
    double[] carried = Evaluation.doubles(inference.read("me too", state).probabilities(), 3);

    assertThat(classifier.scores(List.of("the food was good", "me too"))).isEqualTo(carried);
    assertThat(classifier.scores(List.of("me too"))).isNotEqualTo(carried);
    assertThat(classifier.scores(List.of("the food was good", "me too"))).isEqualTo(carried);
  }

  @Test
  void shouldLabelByTheHighestScore() {
    Classifier second = turns -> new double[] {-3, -1, -2};
    Classifier noTokens = Classifier.of(MODEL);

    assertThat(second.label(List.of("x"))).isEqualTo(1);
    assertThat(noTokens.label(List.of(""))).isEqualTo(Classifier.NONE);
  }
}
