package io.undercurrent.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.undercurrent.io.Json;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The answers to queries about keys, until it is known what they should have been. */
final class SoakAnswers {

  private static final int EXAMPLES = 10;

  /**
   * An answer.
   *
   * @param stale whether the question allowed a copy to answer
   * @param committed how many enriched records of the key were committed before the question
   */
  record Answer(String key, boolean stale, int committed, int status, String body) {}

  private final List<Answer> answers = new ArrayList<>();
  private int unanswered;

  void add(Answer answer) {
    answers.add(answer);
  }

  /** Adds a question to an instance that was away. */
  void addUnanswered() {
    unanswered++;
  }

  /**
   * What the answers were.
   *
   * @param unanswered the instance was away
   * @param unavailable 503
   * @param failed other statuses than 200, 404 and 503
   * @param wrong answers with a state that the key never had, and "no state" for a key that has one
   * @param mixed answers of a copy whose next words were computed from a memory of another moment
   *     than its state, because a copy restores its two stores one by one
   * @param behind answers without {@code stale=true} that are older than what was committed
   */
  record Verdict(
      int answered,
      int unanswered,
      int unavailable,
      int failed,
      int wrong,
      int mixed,
      int behind,
      List<String> examples) {

    ObjectNode json() {
      return Json.STRICT
          .createObjectNode()
          .put("answered", answered)
          .put("unanswered", unanswered)
          .put("unavailable", unavailable)
          .put("failed", failed)
          .put("wrong", wrong)
          .put("mixed", mixed)
          .put("behind", behind);
    }

    boolean isClean() {
      return failed + wrong == 0;
    }
  }

  /**
   * Compares the answers with the records that an undisturbed application would have written.
   *
   * @param expected the enriched records, by key, in order
   */
  Verdict verdict(Map<String, List<String>> expected) throws Exception {
    int unavailable = 0;
    int failed = 0;
    int wrong = 0;
    int mixed = 0;
    int behind = 0;
    List<String> examples = new ArrayList<>();
    for (Answer answer : answers) {
      String finding = null;
      switch (answer.status) {
        case 200 -> {
          JsonNode body = Json.parse(answer.body);
          int records = body.path("conversation").path("records").intValue();
          JsonNode state = state(records, expected.getOrDefault(answer.key, List.of()));
          boolean hasNext = sameNext(body.path("next"), state.path("next"));
          boolean isCopy = body.path("stale").booleanValue();
          if (!isStateOf(body, state) || !hasNext && !isCopy) {
            wrong++;
            finding = "wrong";
          } else if (!hasNext) {
            mixed++;
          } else if (!answer.stale && records < answer.committed) {
            behind++;
            finding = "behind";
          }
        }
        case 404 -> {
          if (answer.committed > 0 && !answer.stale) {
            wrong++;
            finding = "wrong";
          }
        }
        case 503 -> unavailable++;
        default -> {
          failed++;
          finding = "failed";
        }
      }
      if (finding != null && examples.size() < EXAMPLES) {
        examples.add("query " + finding + ": " + answer);
      }
    }
    return new Verdict(
        answers.size() - unavailable - failed,
        unanswered,
        unavailable,
        failed,
        wrong,
        mixed,
        behind,
        examples);
  }

  /** What the key's record with this number said; nothing if there was none. */
  private static JsonNode state(int records, List<String> lines) throws Exception {
    return records < 1 || records > lines.size()
        ? MissingNode.getInstance()
        : Json.parse(lines.get(records - 1));
  }

  private static boolean isStateOf(JsonNode body, JsonNode state) {
    JsonNode conversation = body.path("conversation");
    JsonNode wanted = state.path("conversation");
    return conversation.path("records").equals(wanted.path("records"))
        && conversation.path("tokens").equals(wanted.path("tokens"))
        && same(conversation.path("score"), wanted.path("score"));
  }

  /** A record without a text says nothing about the next words; a query does. */
  private static boolean sameNext(JsonNode next, JsonNode wanted) {
    if (wanted.isEmpty()) {
      return true;
    }
    if (next.size() != wanted.size()) {
      return false;
    }
    for (int i = 0; i < next.size(); i++) {
      if (!next.path(i).path("token").equals(wanted.path(i).path("token"))
          || !same(next.path(i).path("probability"), wanted.path(i).path("probability"))) {
        return false;
      }
    }
    return true;
  }

  /** Records and answers round numbers each in their way. */
  private static boolean same(JsonNode a, JsonNode b) {
    return a.isNull() == b.isNull()
        && Math.abs(a.doubleValue() - b.doubleValue()) <= 1e-6 * Math.abs(b.doubleValue()) + 1e-9;
  }
}
