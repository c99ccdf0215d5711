package io.undercurrent.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.undercurrent.model.ModelConfig.Attention;
import io.undercurrent.model.ModelConfig.Cache;
import io.undercurrent.model.ModelConfig.Pooling;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelConfigTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "' ' | lstm | 10      | 4    | 4    | 1  | name must be not blank, found ' '",
        "m   | LSTM | 10      | 4    | 4    | 1  | 'kind must be one of ffnn, rnn, lstm, gru, sru, mingru, found LSTM'",
        "m   | lstm | 1       | 4    | 4    | 1  | 'vocab_size must be 2 to 1048576, found 1'",
        "m   | lstm | 1048577 | 4    | 4    | 1  | 'vocab_size must be 2 to 1048576, found 1048577'",
        "m   | lstm | 10      | 0    | 4    | 1  | 'embedding_size must be 1 to 8192, found 0'",
        "m   | lstm | 10      | 8193 | 4    | 1  | 'embedding_size must be 1 to 8192, found 8193'",
        "m   | lstm | 10      | 4    | -3   | 1  | 'hidden_size must be 1 to 8192, found -3'",
        "m   | lstm | 10      | 4    | 8193 | 1  | 'hidden_size must be 1 to 8192, found 8193'",
        "m   | lstm | 10      | 4    | 4    | 0  | 'num_layers must be 1 to 16, found 0'",
        "m   | lstm | 10      | 4    | 4    | 17 | 'num_layers must be 1 to 16, found 17'"
      })
  void shouldSayWhichValueIsNotValid(
      String name,
      String kind,
      int vocabulary,
      int embedding,
      int hidden,
      int layers,
      String message) {
    assertThatThrownBy(
            () -> new ModelConfig(name, kind, vocabulary, embedding, hidden, layers, Pooling.LAST))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message.replace("' '", " "));
  }

  /** The names and shapes of torch.nn.Embedding, LSTM(num_layers=2) and Linear. */
  @Test
  void shouldNameAndShapeTensorsAsPyTorchDoes() {
    ModelConfig config = new ModelConfig("m", "lstm", 100, 8, 16, 2, Pooling.CONCAT);

    assertThat(config.tensors())
        .containsExactly(
            new Tensor("embedding.weight", 100, 8),
            new Tensor("rnn.weight_ih_l0", 64, 8),
            new Tensor("rnn.weight_hh_l0", 64, 16),
            new Tensor("rnn.bias_ih_l0", 64),
            new Tensor("rnn.bias_hh_l0", 64),
            new Tensor("rnn.weight_ih_l1", 64, 16),
            new Tensor("rnn.weight_hh_l1", 64, 16),
            new Tensor("rnn.bias_ih_l1", 64),
            new Tensor("rnn.bias_hh_l1", 64),
            new Tensor("sentiment.weight", 3, 48),
            new Tensor("sentiment.bias", 3),
            new Tensor("next_token.weight", 100, 16),
            new Tensor("next_token.bias", 100));
    assertThat(new Tensor("x", 1024, 128).shapeText()).isEqualTo("(1024, 128)");
  }

  /** The names and shapes of torch.nn.GRU and RNN; a feed-forward layer is a Linear. */
  @Test
  void shouldHaveTheTensorsOfTheKind() {
    assertThat(layers(CellType.GRU, 1))
        .contains(
            new Tensor("rnn.weight_ih_l0", 48, 8),
            new Tensor("rnn.weight_hh_l1", 48, 16),
            new Tensor("rnn.bias_hh_l1", 48))
        .hasSize(8);
    assertThat(layers(CellType.RNN, 1))
        .contains(new Tensor("rnn.weight_ih_l0", 16, 8), new Tensor("rnn.weight_hh_l0", 16, 16))
        .hasSize(8);
    assertThat(layers(CellType.FFNN, 3))
        .containsExactly(
            new Tensor("rnn.weight_ih_l0", 16, 24),
            new Tensor("rnn.bias_ih_l0", 16),
            new Tensor("rnn.weight_ih_l1", 16, 16),
            new Tensor("rnn.bias_ih_l1", 16));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "FFNN | 0  | 'window must be 1 to 64, found 0'",
        "FFNN | 65 | 'window must be 1 to 64, found 65'",
        "LSTM | 2  | 'window must be 1 for kind lstm, found 2'"
      })
  void shouldSayWhatAWindowMustBe(CellType kind, int window, String message) {
    assertThatThrownBy(() -> layers(kind, window))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void shouldHaveTheTensorsOfAttentionBeforeTheHeadThatReadsIt() {
    ModelConfig config = new ModelConfig("m", "lstm", 100, 8, 16, 1, Pooling.LAST);

    assertThat(config.withAttention(new Attention(9, 5)).tensors())
        .containsSubsequence(
            new Tensor("attention.query.weight", 5, 16),
            new Tensor("attention.key.weight", 5, 16),
            new Tensor("attention.null", 1),
            new Tensor("sentiment.weight", 3, 32));
    assertThat(config.withCache(new Cache(9, 0.3f, 0.1f)).tensors()).isEqualTo(config.tensors());
  }

  private static List<Tensor> layers(CellType kind, int window) {
    return new ModelConfig(
            "m", kind, 100, 8, 16, 2, window, Pooling.LAST, ModelConfig.NextToken.FULL)
        .tensors().stream().filter(tensor -> tensor.name().startsWith("rnn.")).toList();
  }

  @Test
  void shouldStoreTensorsOneAfterTheOtherInOneBlock() {
    Parameters parameters = new Parameters(List.of(new Tensor("a", 2, 3), new Tensor("b", 4)));
    for (int i = 0; i < 10; i++) {
      parameters.values()[i] = i;
    }

    assertThat(parameters.offset("b")).isEqualTo(6);
    assertThat(parameters.copy("a")).containsExactly(0f, 1f, 2f, 3f, 4f, 5f);
    assertThat(parameters.copy("b")).containsExactly(6f, 7f, 8f, 9f);
    assertThatThrownBy(() -> parameters.offset("c"))
        .hasMessage("tensor must be one of [a, b], found c");
  }
}
