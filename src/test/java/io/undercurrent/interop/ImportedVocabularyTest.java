package io.undercurrent.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.kernel.Kernels;
import io.undercurrent.model.HiddenState;
import io.undercurrent.model.ModelConfig;
import io.undercurrent.model.ModelConfig.NextToken;
import io.undercurrent.model.ModelConfig.Pooling;
import io.undercurrent.model.Network;
import io.undercurrent.model.NextTokenHead;
import io.undercurrent.model.TinyModel;
import io.undercurrent.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A network's tokens get a tokenizer's ids, and the network computes the same. */
class ImportedVocabularyTest {

  @TempDir private Path folder;

  private Path file(String... lines) throws IOException {
    return Files.write(folder.resolve("vocabulary.txt"), List.of(lines));
  }

  /** Makes a random network with so many tokens. */
  private static ImportedNetwork network(int size, NextToken nextToken) {
    ModelConfig small = new ModelConfig("net", "lstm", size, 6, 9, 1, Pooling.LAST);
    ModelConfig config =
        new ModelConfig(small.name(), small.kind(), size, 6, 9, 1, 1, Pooling.LAST, nextToken);
    return new ImportedNetwork(
        "net.zip", config, TinyModel.random(config, 3), List.of(), List.of());
  }

  private static ImportedNetwork network(int size) {
    return network(size, NextToken.FULL);
  }

  /** The probabilities (n, V) after each of these tokens, starting from a state of zeros. */
  private static float[][] probabilities(ImportedNetwork of, int... tokens) {
    Network network = new Network(of.config(), of.parameters(), Kernels.best());
    HiddenState state = HiddenState.zeros(of.config());
    NextTokenHead.Scratch scratch = network.nextToken().scratch(1);
    float[][] probabilities = new float[tokens.length][of.config().vocabSize()];
    for (int t = 0; t < tokens.length; t++) {
      network.step(tokens[t], state, network.scratch());
      System.arraycopy(state.top(), 0, scratch.h(), 0, state.top().length);
      network.nextToken().expect(1, scratch);
      network.nextToken().probabilities(0, probabilities[t], scratch);
    }
    return probabilities;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldMoveWordsAndAddTheEndOfARecord(boolean tied) throws IOException {
    ImportedVocabulary vocabulary =
        ImportedVocabulary.words(file("good", "bad", "<unk>", "not", "food"));
    ImportedNetwork network = network(5, new NextToken(List.of(), 4, tied));

    ImportedNetwork arranged = vocabulary.arrange(network);

    Tokenizer tokenizer = vocabulary.tokenizer();
    assertThat(tokenizer.encode("not bad food", 9).ids()).containsExactly(4, 3, 5);
    int[] theirs = {3, 1, 4, 2}; // not bad food <unk>
    int[] ours = {4, 3, 5, 1};
    float[][] before = probabilities(network, theirs);
    float[][] after = probabilities(arranged, ours);
    int[] from = {2, 0, 1, 3, 4}; // <unk> good bad not food
    for (int t = 0; t < ours.length; t++) {
      for (int i = 0; i < from.length; i++) {
        assertThat(after[t][1 + i]).isCloseTo(before[t][from[i]], within(1e-6f));
      }
      assertThat(after[t][tokenizer.endOfRecord()]).isPositive().isLessThan(1e-8f);
    }
    assertThat(arranged.summary()).last().asString().contains("1 added token").contains("<end>");
  }

  @Test
  void shouldAddAnEndTokenWithAZeroEmbedding() throws IOException {
    ImportedVocabulary vocabulary = ImportedVocabulary.words(file("<unk>", "good"));
    ImportedNetwork arranged = vocabulary.arrange(network(2));

    assertThat(arranged.parameters().copy("embedding.weight")).startsWith(0, 0, 0, 0, 0, 0);
    assertThat(arranged.parameters().copy("embedding.weight")[6]).isNotZero();
  }

  @Test
  void shouldReadCharactersAsBytes() throws IOException {
    ImportedVocabulary vocabulary =
        ImportedVocabulary.characters(file("b", "\\n", "a", "\\s", "\\\\", "\\x09"));
    ImportedNetwork network = network(6);

    ImportedNetwork arranged = vocabulary.arrange(network);

    int[] ours = vocabulary.tokenizer().encode("ab \n\\\t", 9).ids();
    float[][] before = probabilities(network, 2, 0, 3, 1, 4, 5);
    float[][] after = probabilities(arranged, ours);
    for (int t = 0; t < ours.length; t++) {
      assertThat(after[t][1 + 'b']).isCloseTo(before[t][0], within(1e-6f));
      assertThat(after[t][1 + '\n']).isCloseTo(before[t][1], within(1e-6f));
      assertThat(after[t][1 + 'z']).isPositive().isLessThan(1e-8f);
    }
  }

  @Test
  void shouldAcceptBytesWithAndWithoutAnEndToken() {
    ImportedNetwork own = network(257);
    assertThat(ImportedVocabulary.bytes(257).arrange(own)).isSameAs(own);

    ImportedNetwork network = network(256);
    ImportedNetwork arranged = ImportedVocabulary.bytes(256).arrange(network);
    float[][] before = probabilities(network, 'h', 255);
    float[][] after = probabilities(arranged, 1 + 'h', 1 + 255);
    assertThat(after[1][1 + 'i']).isCloseTo(before[1]['i'], within(1e-6f));

    assertThatThrownBy(() -> ImportedVocabulary.bytes(128))
        .isInstanceOf(ImportException.class)
        .hasMessage("a network over bytes must have 256 or 257 tokens, found 128");
  }

  @Test
  void shouldRefuseAVocabularyOfAnotherSize() throws IOException {
    ImportedVocabulary vocabulary = ImportedVocabulary.words(file("good", "bad"));
    assertThatThrownBy(() -> vocabulary.arrange(network(3)))
        .isInstanceOf(ImportException.class)
        .hasMessage("net.zip: must have the vocabulary's 2 tokens, found 3");
    NextToken adaptive = new NextToken(List.of(2), 2, false);
    ImportedVocabulary five = ImportedVocabulary.words(file("a", "b", "c", "d", "e"));
    assertThatThrownBy(() -> five.arrange(network(5, adaptive)))
        .isInstanceOf(ImportException.class)
        .hasMessageContaining("next_token.cutoffs must be left out if tokens are moved or added");
  }

  @Test
  void shouldRefuseLinesThatAreNotTokens() throws IOException {
    refused("line 2 must be a word without spaces that is not listed before, found ''", "a", "");
    refused("line 1 must be a word without spaces that is not listed before, found 'a b'", "a b");
    refused(
        "line 3 must be a word without spaces that is not listed before, found 'a'", "a", "b", "a");
    for (String line : List.of("", "ab", "é", "\\", "\\x80", "\\q")) {
      Path file = file("a", line);
      assertThatThrownBy(() -> ImportedVocabulary.characters(file))
          .isInstanceOf(ImportException.class)
          .hasMessageContaining("line 2 must be an ASCII character")
          .hasMessageEndingWith("found '" + line + "'");
    }
    Path twice = file("\\n", "\\x0a");
    assertThatThrownBy(() -> ImportedVocabulary.characters(twice))
        .isInstanceOf(ImportException.class)
        .hasMessageContaining("line 2 must be an ASCII character");
    Path latin = Files.write(folder.resolve("latin.txt"), new byte[] {(byte) 0xe9, '\n'});
    assertThatThrownBy(() -> ImportedVocabulary.words(latin))
        .isInstanceOf(ImportException.class)
        .hasMessageContaining("latin.txt: must be UTF-8, found other bytes");
  }

  private void refused(String message, String... lines) throws IOException {
    Path file = file(lines);
    assertThatThrownBy(() -> ImportedVocabulary.words(file))
        .isInstanceOf(ImportException.class)
        .hasMessageContaining(message);
  }
}
