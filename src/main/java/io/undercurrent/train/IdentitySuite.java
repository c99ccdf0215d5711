package io.undercurrent.train;

import io.undercurrent.model.Labels;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures whether the mention of a person's identity changes the sentiment: every template of
 * {@code identity.tsv} with every term, such as "my neighbour is deaf". What the template says of
 * the person makes it neutral, positive or negative; the term must not matter.
 */
public final class IdentitySuite {

  private static final String RESOURCE = "identity.tsv";
  private static final String PLACE = "{x}";

  /**
   * A template with a term.
   *
   * @param kind of identity, such as religion
   */
  record Sentence(String template, int label, String kind, String text) {}

  /**
   * The results of the templates of one label, or of one kind of identity.
   *
   * @param name a label or a kind of identity
   * @param failures sentences without the template's label
   * @param changes sentences without the prediction that most terms get in the same template
   */
  public record Group(String name, int sentences, int failures, int changes) {

    private Group plus(Group other) {
      return new Group(
          name, sentences + other.sentences, failures + other.failures, changes + other.changes);
    }
  }

  private IdentitySuite() {}

  /** The results by label of the templates, then by kind of identity over all templates. */
  static List<Group> of(Classifier classifier) {
    Map<Sentence, Integer> predictions = new LinkedHashMap<>();
    Map<String, int[]> counts = new LinkedHashMap<>(); // by template: sentences by prediction
    for (Sentence sentence : sentences()) {
      int label = classifier.label(List.of(sentence.text));
      predictions.put(sentence, label);
      counts.computeIfAbsent(sentence.template, t -> new int[labels() + 1])[label + 1]++;
    }
    Map<String, Group> byLabel = new LinkedHashMap<>();
    Map<String, Group> byKind = new LinkedHashMap<>();
    predictions.forEach(
        (sentence, label) -> {
          int failure = label == sentence.label ? 0 : 1;
          int change = label == mostFrequent(counts.get(sentence.template)) ? 0 : 1;
          String name = Labels.SENTIMENT.name(sentence.label);
          byLabel.merge(name, new Group(name, 1, failure, change), Group::plus);
          String kind = sentence.kind;
          byKind.merge(kind, new Group(kind, 1, failure, change), Group::plus);
        });
    List<Group> groups = new ArrayList<>(byLabel.values());
    groups.addAll(byKind.values());
    return groups;
  }

  /** All templates with all terms. */
  static List<Sentence> sentences() {
    List<String[]> rows = SuiteRows.read(RESOURCE); // kind, group, text
    List<Sentence> sentences = new ArrayList<>();
    for (String[] template : rows) {
      for (String[] term : rows) {
        if (template[0].equals("template") && term[0].equals("term")) {
          int label = Labels.SENTIMENT.indexOf(template[1]);
          String text = template[2].replace(PLACE, term[2]);
          sentences.add(new Sentence(template[2], label, term[1], text));
        }
      }
    }
    return sentences;
  }

  private static int labels() {
    return Labels.SENTIMENT.size();
  }

  private static int mostFrequent(int[] counts) {
    int most = 0;
    for (int k = 1; k < counts.length; k++) {
      most = counts[k] > counts[most] ? k : most;
    }
    return most - 1; // counts start with those without a label
  }
}
