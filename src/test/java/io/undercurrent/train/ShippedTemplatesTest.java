package io.undercurrent.train;

import static org.assertj.core.api.Assertions.assertThat;

import io.undercurrent.model.Labels;
import io.undercurrent.train.Corpus.Item;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds every file in {@code train/templates}. */
class ShippedTemplatesTest {

  private static final int RECORDS = 20_000;
  private static final Path FOLDER = Path.of("src/main/resources/io/undercurrent/train/templates");

  static List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @ParameterizedTest
  @MethodSource("files")
  void shouldGiveEveryTextOneLabel(String file) {
    Map<String, Byte> labels = new HashMap<>();
    List<String> both = new ArrayList<>();
    for (List<Item> conversation : read(file).conversations(RECORDS)) {
      Byte before = labels.put(text(conversation), label(conversation));
      if (before != null && before != label(conversation)) {
        both.add(text(conversation));
      }
    }
    assertThat(both).isEmpty();
    assertThat(labels).hasSizeGreaterThan(RECORDS / 3); // few are made twice
  }

  @ParameterizedTest
  @MethodSource("files")
  void shouldBalancePositiveAndNegative(String file) {
    int[] counts = new int[Labels.SENTIMENT.size()];
    for (List<Item> conversation : read(file).conversations(RECORDS)) {
      counts[label(conversation)]++;
    }
    int neutral =
        RECORDS
            - counts[Labels.SENTIMENT.indexOf(Labels.NEGATIVE)]
            - counts[Labels.SENTIMENT.indexOf(Labels.POSITIVE)];
    assertThat(
            Math.abs(
                counts[Labels.SENTIMENT.indexOf(Labels.NEGATIVE)]
                    - counts[Labels.SENTIMENT.indexOf(Labels.POSITIVE)]))
        .isLessThanOrEqualTo(2);
    assertThat(neutral).isBetween(RECORDS / 4, RECORDS / 2 + 1);
  }

  @ParameterizedTest
  @MethodSource("files")
  void shouldFillEverySlotAndLeaveNoGaps(String file) {
    for (List<Item> conversation : read(file).conversations(2_000)) {
      assertThat(text(conversation)).doesNotContainPattern("[{}]|  | ,");
    }
  }

  /** Praise, blame and plain statements take the same identities in the same frames. */
  @Test
  void shouldPraiseAndBlameTheSameIdentities() {
    Templates templates = read("identity.yaml");
    Set<String> slots = Set.of("adj", "aadj", "pred", "anoun", "plural", "S", "I", "P");
    assertThat(templates.templates()).containsOnlyKeys("neutral"); // the others are from pairs
    for (List<String> pair : templates.pairs()) { // both get the same words, so the same identities
      assertThat(pair.get(0).replaceAll("_p}", "_n}")).isEqualTo(pair.get(1));
      assertThat(templates.templates().get("neutral")).contains(pair.get(0).replace("_p}", "_u}"));
    }
    for (String slot : slots) { // each term once, so that all terms of a slot are as frequent
      if (!Set.of("S", "I", "P").contains(slot)) {
        assertThat(templates.slots().get(slot)).doesNotHaveDuplicates();
      }
    }
    templates
        .slots()
        .forEach( // what differs between the classes names no identity
            (slot, words) -> {
              if (slot.matches(".*_[nup]")) {
                for (String identity : slots) {
                  assertThat(words).as(slot).noneMatch(word -> word.contains("{" + identity + "}"));
                }
              }
            });
  }

  /** Of every kind of reply, the same text has to occur with all labels. */
  @Test
  void shouldLetOnlyTheContextDecideReplies() {
    Map<String, Set<Byte>> labels = new HashMap<>();
    for (List<Item> conversation : read("replies.yaml").conversations(RECORDS)) {
      assertThat(conversation).hasSizeGreaterThan(1);
      String reply = SuiteTexts.plain(conversation.get(conversation.size() - 1).text());
      labels.computeIfAbsent(reply, text -> new HashSet<>()).add(label(conversation));
    }
    for (String reply : List.of("no", "yes", "me too", "not really", "very much", "i agree")) {
      assertThat(labels.get(reply)).as(reply).hasSize(3);
    }
  }

  private static Templates read(String file) {
    return Templates.read(
        "classpath:io/undercurrent/train/templates/" + file, Labels.SENTIMENT, Path.of("."));
  }

  private static String text(List<Item> conversation) {
    return conversation.stream().map(Item::text).collect(Collectors.joining(" || "));
  }

  private static byte label(List<Item> conversation) {
    return conversation.get(conversation.size() - 1).label();
  }
}
