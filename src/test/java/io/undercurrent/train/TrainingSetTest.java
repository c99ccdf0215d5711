package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.train.TrainingSet.Part;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainingSetTest {

  private static final long SEED = 5;

  @Test
  void shouldReadEveryConversationOncePerEpochAndInOrder() {
    List<Example[]> a = conversations(3);
    List<Example[]> b = conversations(2);
    TrainingSet set = new TrainingSet(List.of(new Part(a, 1, 1), new Part(b, 1, 1)));

    List<Example[]> both = new ArrayList<>(a);
    both.addAll(b);
    assertThat(set.ofEpoch(1, SEED)).isEqualTo(both);
    assertThat(set.ofEpoch(2, SEED)).isEqualTo(both);
    assertThat(set.tokensPerEpoch()).isEqualTo(PackedStreams.tokens(both));
  }

  @Test
  void shouldRepeatASource() {
    List<Example[]> a = conversations(2);
    List<Example[]> b = conversations(1);
    TrainingSet set = new TrainingSet(List.of(new Part(a, 3, 1), new Part(b, 1, 1)));

    List<Example[]> read = set.ofEpoch(4, SEED);

    assertThat(times(read))
        .containsOnly(Map.entry(a.get(0), 3), Map.entry(a.get(1), 3), Map.entry(b.get(0), 1));
    assertThat(set.tokensPerEpoch()).isEqualTo(PackedStreams.tokens(read));
  }

  /** 3 of 10 in each of ten epochs: each is read three times. */
  @Test
  void shouldReadAllConversationsEquallyOftenInShares() {
    List<Example[]> all = conversations(10);
    TrainingSet set = new TrainingSet(List.of(new Part(all, 1, 0.3)));
    List<Example[]> read = new ArrayList<>();
    long tokens = 0;
    for (int epoch = 1; epoch <= 10; epoch++) {
      List<Example[]> part = set.ofEpoch(epoch, SEED);
      assertThat(part).hasSize(3).doesNotHaveDuplicates();
      read.addAll(part);
      tokens += PackedStreams.tokens(part);
    }

    assertThat(times(read)).hasSize(10).containsValue(3);
    assertThat(times(read).values()).containsOnly(3);
    assertThat(set.tokensPerEpoch()).as("the mean").isEqualTo(Math.round(tokens / 10.0));
    assertThat(read.subList(0, 3)).as("in a random order").isNotEqualTo(all.subList(0, 3));
  }

  @Test
  void shouldReadTheSamePartForTheSameEpochAndSeed() {
    TrainingSet set = new TrainingSet(List.of(new Part(conversations(40), 1, 0.5)));

    assertThat(set.ofEpoch(2, SEED)).isEqualTo(set.ofEpoch(2, SEED));
    assertThat(set.ofEpoch(2, SEED)).isNotEqualTo(set.ofEpoch(2, SEED + 1));
    assertThat(set.ofEpoch(2, SEED)).isNotEqualTo(set.ofEpoch(1, SEED));
  }

  @Test
  void shouldReadAtLeastOneConversationOfASource() {
    TrainingSet set =
        new TrainingSet(List.of(new Part(conversations(5), 1, 0.001), new Part(List.of(), 2, 0.5)));

    assertThat(set.ofEpoch(1, SEED)).hasSize(1);
  }

  private static Map<Example[], Integer> times(List<Example[]> read) {
    Map<Example[], Integer> times = new HashMap<>();
    read.forEach(conversation -> times.merge(conversation, 1, Integer::sum));
    return times;
  }

  /** Conversation i has i + 1 tokens. */
  private static List<Example[]> conversations(int n) {
    List<Example[]> conversations = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      conversations.add(new Example[] {new Example(new int[i + 1], (byte) 0)});
    }
    return conversations;
  }
}
