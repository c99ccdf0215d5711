package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.undercurrent.inference.Reading.NextToken;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class KneserNeyTest {

  private static final int END = 0;
  private static final int ORDER = 5;

  /** Sums of a few products. */
  private static final Offset<Double> EXACT = within(1e-12);

  @Test
  void shouldGiveTheProbabilitiesOfASmallTextAsByHand() {
    // <end> a b a b a c <end>; too few counts of counts, so that D is 0.5, 1, 1.5
    KneserNey bigrams = ngrams(List.of(conversation(1, 2, 1, 2, 1, 3)), 4, 2);
    KneserNey.Context context = bigrams.context(END);
    context.read(1);

    // Continuations: a follows <end> and b, the others one token each; a quarter of 0.5 for each.
    double a = (2 - 1) / 5.0 + 0.5 / 4;
    double other = (1 - 0.5) / 5.0 + 0.5 / 4;
    assertThat(context.probability(2)).isCloseTo((2 - 1) / 3.0 + 0.5 * other, EXACT);
    assertThat(context.probability(3)).isCloseTo((1 - 0.5) / 3.0 + 0.5 * other, EXACT);
    assertThat(context.probability(1)).isCloseTo(0.5 * a, EXACT);
    assertThat(context.probability(END)).isCloseTo(0.5 * other, EXACT);
    assertThat(bigrams.kept(1)).isEqualTo(4);
    assertThat(bigrams.kept(2)).isEqualTo(5);
  }

  @Test
  void shouldEqualTheFormulasOfChenAndGoodman() {
    List<List<int[]>> text = random(400, 12, 3);
    KneserNey ngrams = ngrams(text, 12, ORDER);
    Formulas formulas = new Formulas(text, 12);
    SplittableRandom random = new SplittableRandom(4);
    KneserNey.Context context = ngrams.context(END);
    List<Integer> past = new ArrayList<>(Collections.nCopies(ORDER - 1, END));
    for (int i = 0; i < 300; i++) {
      for (int token = 0; token < 12; token++) {
        assertThat(context.probability(token))
            .as("%d behind %s", token, past)
            .isCloseTo(formulas.probability(past, token), within(1e-10));
      }
      int next = random.nextInt(12);
      context.read(next);
      past = new ArrayList<>(past.subList(1, past.size()));
      past.add(next);
    }
    assertThat(ngrams.kept(4)).isEqualTo(formulas.kept(4)).isLessThan(formulas.different(4));
    assertThat(ngrams.kept(5)).isEqualTo(formulas.kept(5)).isLessThan(formulas.different(5));
    assertThat(ngrams.kept(3)).isEqualTo(formulas.different(3));
  }

  @Test
  void shouldAddUpToOneBehindEveryContext() {
    for (int seed = 0; seed < 20; seed++) {
      int vocabulary = 5 + 3 * seed;
      KneserNey ngrams = ngrams(random(5 + 20 * seed, vocabulary, seed), vocabulary, ORDER);
      KneserNey.Context context = ngrams.context(END);
      SplittableRandom random = new SplittableRandom(seed);
      for (int i = 0; i < 50; i++) {
        assertThat(IntStream.range(0, vocabulary).mapToDouble(context::probability).sum())
            .isCloseTo(1, within(1e-12));
        for (int token = 0; token < vocabulary; token++) {
          assertThat(context.probability(token)).isPositive();
        }
        context.read(random.nextInt(vocabulary));
      }
    }
  }

  @Test
  void shouldBackOffFromContextsThatWereNotSeen() {
    List<List<int[]>> text = random(200, 9, 5);
    KneserNey ngrams = ngrams(text, 12, ORDER); // tokens 9 to 11 do not occur
    KneserNey.Context known = ngrams.context(END);
    KneserNey.Context unseen = ngrams.context(END);
    for (int token : new int[] {3, 10, 3, 4}) {
      unseen.read(token);
    }
    for (int token : new int[] {9, 11, 3, 4}) {
      known.read(token);
    }
    KneserNey.Context none = ngrams.context(END);
    none.read(10);
    Formulas formulas = new Formulas(text, 12);
    for (int token = 0; token < 12; token++) {
      assertThat(unseen.probability(token)).isEqualTo(known.probability(token));
      assertThat(none.probability(token))
          .isCloseTo(formulas.probability(List.of(), token), within(1e-12));
    }
  }

  @Test
  void shouldListTheLikeliestTokensAsASearchOfAllDoes() {
    for (int seed = 0; seed < 10; seed++) {
      int vocabulary = 40;
      KneserNey ngrams = ngrams(random(100, 30, seed), vocabulary, ORDER); // ten do not occur
      SplittableRandom random = new SplittableRandom(seed);
      boolean[] offered = new boolean[vocabulary];
      for (int id = 0; id < vocabulary; id++) {
        offered[id] = random.nextInt(3) > 0;
      }
      KneserNey.Context context = ngrams.context(END);
      for (int i = 0; i < 100; i++) {
        for (int k : new int[] {1, 5, 60}) {
          List<Integer> expected =
              IntStream.range(0, vocabulary)
                  .filter(id -> offered[id])
                  .boxed()
                  .sorted(
                      (a, b) -> {
                        int byP = Double.compare(context.probability(b), context.probability(a));
                        return byP != 0 ? byP : Integer.compare(a, b);
                      })
                  .limit(k)
                  .toList();
          NextToken[] top = context.top(offered, k);
          assertThat(top).extracting(NextToken::id).containsExactlyElementsOf(expected);
          for (NextToken next : top) {
            assertThat(next.probability()).isEqualTo((float) context.probability(next.id()));
          }
        }
        context.read(random.nextInt(vocabulary));
      }
      assertThat(context.top(new boolean[vocabulary], 5)).isEmpty();
    }
  }

  @Test
  void shouldBeginAnewWithEachConversation() {
    KneserNey ngrams = ngrams(random(50, 9, 2), 9, ORDER);
    KneserNey.Context context = ngrams.context(END);
    double[] first = IntStream.range(0, 9).mapToDouble(context::probability).toArray();
    context.read(3);
    context.read(4);
    context.begin();

    assertThat(IntStream.range(0, 9).mapToDouble(context::probability).toArray())
        .containsExactly(first);
  }

  @Test
  void shouldLearnFromATextOfOneToken() {
    KneserNey.Context context = ngrams(List.of(conversation(1)), 3, ORDER).context(END);

    assertThat(context.probability(1)).isGreaterThan(context.probability(2));
    assertThat(IntStream.range(0, 3).mapToDouble(context::probability).sum()).isCloseTo(1, EXACT);
  }

  private static KneserNey ngrams(List<List<int[]>> conversations, int vocabulary, int order) {
    NgramText text = new NgramText(order - 1, END);
    for (List<int[]> conversation : conversations) {
      text.begin();
      conversation.forEach(text::add);
    }
    return new KneserNey(text, vocabulary, order, line -> {});
  }

  private static List<int[]> conversation(int... record) {
    return List.of(record);
  }

  /** Conversations of up to three records, in which each token often comes behind another. */
  private static List<List<int[]>> random(int n, int vocabulary, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<List<int[]>> conversations = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      List<int[]> records = new ArrayList<>();
      for (int r = random.nextInt(3); r >= 0; r--) {
        int[] record = new int[1 + random.nextInt(9)];
        int token = 1;
        for (int t = 0; t < record.length; t++) {
          double skewed = random.nextDouble() * random.nextDouble();
          int jump = (int) (skewed * (vocabulary - 1));
          token = 1 + (random.nextInt(3) == 0 ? jump : (token * 2 + jump / 3) % (vocabulary - 1));
          record[t] = token;
        }
        records.add(record);
      }
      conversations.add(records);
    }
    return conversations;
  }

  /** The formulas as they stand in the paper, with maps. */
  private static final class Formulas {

    private final int vocabulary;
    private final List<Map<List<Integer>, Integer>> occurrences = new ArrayList<>();
    private final List<Map<List<Integer>, Integer>> counts = new ArrayList<>();
    private final List<double[]> discounts = new ArrayList<>();

    Formulas(List<List<int[]>> text, int vocabulary) {
      this.vocabulary = vocabulary;
      List<Map<List<Integer>, Set<Integer>>> before = new ArrayList<>();
      for (int n = 0; n <= ORDER; n++) {
        occurrences.add(new HashMap<>());
        before.add(new HashMap<>());
      }
      for (List<int[]> conversation : text) {
        List<Integer> tokens = new ArrayList<>(Collections.nCopies(ORDER - 1, END));
        for (int[] record : conversation) {
          tokens.addAll(Arrays.stream(record).boxed().toList());
          tokens.add(END);
        }
        for (int at = ORDER - 1; at < tokens.size(); at++) {
          for (int n = 1; n <= ORDER; n++) {
            List<Integer> ngram = List.copyOf(tokens.subList(at - n + 1, at + 1));
            occurrences.get(n).merge(ngram, 1, Integer::sum);
            if (n < ORDER) {
              before.get(n).computeIfAbsent(ngram, g -> new HashSet<>()).add(tokens.get(at - n));
            }
          }
        }
      }
      for (int n = 0; n <= ORDER; n++) {
        Map<List<Integer>, Integer> count =
            n == ORDER
                ? occurrences.get(n)
                : before.get(n).entrySet().stream()
                    .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().size()));
        counts.add(count);
        double[] of = new double[5];
        count.values().stream().filter(c -> c < 5).forEach(c -> of[c]++);
        double y = of[1] / (of[1] + 2 * of[2]);
        double[] d = {
          0, 1 - 2 * y * of[2] / of[1], 2 - 3 * y * of[3] / of[2], 3 - 4 * y * of[4] / of[3]
        };
        boolean valid = IntStream.rangeClosed(1, 3).allMatch(k -> d[k] > 0 && d[k] <= k);
        discounts.add(valid ? d : new double[] {0, 0.5, 1, 1.5});
      }
      assertThat(discounts.get(ORDER)[1])
          .as("discounts of a text that is large enough")
          .isNotEqualTo(0.5);
    }

    double probability(List<Integer> context, int token) {
      int n = context.size() + 1;
      double shorter =
          context.isEmpty()
              ? 1.0 / vocabulary
              : probability(context.subList(1, context.size()), token);
      double total = 0;
      double given = 0;
      double own = 0;
      for (Map.Entry<List<Integer>, Integer> entry : counts.get(n).entrySet()) {
        if (entry.getKey().subList(0, n - 1).equals(context)) {
          total += entry.getValue();
          if (n < KneserNey.PRUNED_FROM || occurrences.get(n).get(entry.getKey()) > 1) {
            double discounted = entry.getValue() - discounts.get(n)[Math.min(3, entry.getValue())];
            given += discounted;
            own = entry.getKey().get(n - 1) == token ? discounted : own;
          }
        }
      }
      return total == 0 ? shorter : own / total + (1 - given / total) * shorter;
    }

    int different(int n) {
      return counts.get(n).size();
    }

    int kept(int n) {
      return (int) occurrences.get(n).values().stream().filter(count -> count > 1).count();
    }
  }
}
