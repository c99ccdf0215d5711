package io.undercurrent.text;

import java.util.Arrays;

/** The counts of one token in training texts. Mutable, not thread-safe. */
final class TokenCount {
  private int[] documents = new int[2];
  private int documentCount;
  private int lastRecord = -1;
  int records;
  int uncasedRecords;
  boolean word;
  boolean emoji;

  /** Occurrences in lower case inside sentences of cased texts, without headlines. */
  int lower;

  /** The same with a capital letter. */
  int capitalised;

  /** Occurrences in capitals, anywhere in cased texts. */
  int allCaps;

  /** Records that begin with the token and a colon, as chats address somebody. */
  int addressed;

  void seen(int document, int record, boolean cased) {
    if (lastRecord != record) {
      lastRecord = record;
      records++;
      uncasedRecords += cased ? 0 : 1;
    }
    if (documentCount == VocabularyBuilder.MAX_MIN_DOCUMENTS) {
      return;
    }
    for (int i = documentCount - 1; i >= 0; i--) {
      if (documents[i] == document) {
        return;
      }
    }
    if (documentCount == documents.length) {
      documents = Arrays.copyOf(documents, documentCount * 4);
    }
    documents[documentCount++] = document;
  }

  int documents() {
    return documentCount;
  }
}
