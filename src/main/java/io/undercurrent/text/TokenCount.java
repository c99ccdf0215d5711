package io.undercurrent.text;

import java.util.Arrays;

/** What training texts told about one token. Mutable, not thread-safe. */
final class TokenCount {
  private int[] documents = new int[2];
  private int documentCount;
  private int lastRecord = -1;
  int records;
  int uncasedRecords;
  boolean word;
  boolean emoji;

  /** Inside sentences of cased texts, headlines left out. */
  int lower;

  int capitalised;

  /** Anywhere in cased texts. */
  int allCaps;

  /** Records that begin with it and a colon: how a chat addresses somebody. */
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
