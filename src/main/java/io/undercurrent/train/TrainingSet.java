package io.undercurrent.train;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The encoded sources of a stage, and which part of them each epoch reads. Immutable and
 * thread-safe.
 */
record TrainingSet(List<Part> parts) {

  /**
   * One source. Either all of its conversations are read one or more times, or a share of them
   * once.
   *
   * @param share more than 0, at most 1
   */
  record Part(List<Example[]> conversations, int repeat, double share) {

    /** The number of conversations that an epoch reads, without repetitions. */
    private int perEpoch() {
      int all = conversations.size();
      return share == 1 ? all : Math.min(all, Math.max(1, (int) Math.round(share * all)));
    }

    /**
     * Adds the conversations that an epoch reads. A random order of all is read from epoch to
     * epoch, and from its beginning after its end.
     */
    private void addTo(List<Example[]> epochs, int epoch, long seed) {
      int all = conversations.size();
      int n = perEpoch();
      if (n == all) {
        for (int i = 0; i < repeat; i++) {
          epochs.addAll(conversations);
        }
        return;
      }
      int[] order = PackedStreams.shuffled(all, new SplittableRandom(seed));
      long first = (epoch - 1L) * n % all;
      for (int i = 0; i < n; i++) {
        epochs.add(conversations.get(order[(int) ((first + i) % all)]));
      }
    }
  }

  TrainingSet {
    parts = List.copyOf(parts);
  }

  /**
   * The conversations of an epoch.
   *
   * @param epoch counted from 1
   * @param seed the same for all epochs of a stage
   */
  List<Example[]> ofEpoch(int epoch, long seed) {
    List<Example[]> conversations = new ArrayList<>();
    for (int i = 0; i < parts.size(); i++) {
      parts.get(i).addTo(conversations, epoch, seed + i);
    }
    return conversations;
  }

  /** Tokens of an epoch, end-of-record tokens included; the mean where a source has a share. */
  long tokensPerEpoch() {
    double tokens = 0;
    for (Part part : parts) {
      int all = part.conversations.size();
      double read = all == 0 ? 0 : (double) part.perEpoch() / all * part.repeat;
      tokens += read * PackedStreams.tokens(part.conversations);
    }
    return Math.round(tokens);
  }
}
