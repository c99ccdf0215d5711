package io.undercurrent.serve;

import io.javalin.http.HttpStatus;
import io.undercurrent.config.UndercurrentConfig;

/** What the settings let answers show. */
record Shown(boolean enrich, boolean keys, boolean texts) {

  static final Shown EVERYTHING = new Shown(true, true, true);

  static Shown of(UndercurrentConfig config) {
    return new Shown(config.httpEnrich(), config.httpKeys(), config.httpTexts());
  }

  void requireEnrich() {
    require(enrich, "texts are not enriched", UndercurrentConfig.HTTP_ENRICH);
  }

  void requireKeys() {
    require(keys, "there are no answers about keys", UndercurrentConfig.HTTP_KEYS);
  }

  void requireTexts() {
    require(texts, "there are no texts in answers", UndercurrentConfig.HTTP_TEXTS);
  }

  private static void require(boolean shown, String otherwise, String setting) {
    if (!shown) {
      throw new Problem(HttpStatus.FORBIDDEN, "%s: %s is false".formatted(otherwise, setting));
    }
  }
}
