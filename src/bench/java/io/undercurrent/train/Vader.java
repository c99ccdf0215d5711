package io.undercurrent.train;

import com.vader.sentiment.analyzer.SentimentAnalyzer;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * VADER (Hutto and Gilbert 2014), a lexicon with rules. Its authors call a text neutral if the
 * compound score is between -0.05 and 0.05.
 */
final class Vader {

  private static final double NEUTRAL = 0.05;

  private Vader() {}

  static SentimentSubject subject() {
    return SentimentSubject.of(
        "VADER (Java port 1.0)", turns -> scores(turns.get(turns.size() - 1)));
  }

  private static double[] scores(String text) {
    try {
      SentimentAnalyzer analyzer = new SentimentAnalyzer(text);
      analyzer.analyze();
      Float compound = analyzer.getPolarity().get("compound");
      double score = compound == null ? 0 : compound;
      return new double[] {-score, NEUTRAL, score};
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
