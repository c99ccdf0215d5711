package io.undercurrent.cli;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Asks the instances about random keys, one question after the other on a thread of its own, and
 * keeps the answers.
 */
final class SoakQueries implements AutoCloseable {

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final HttpClient client = HttpClient.newHttpClient();
  private final List<Integer> ports;
  private final int keys;
  private final int pauseMs;
  private final SplittableRandom random;
  private final Map<String, Integer> committed = new ConcurrentHashMap<>();
  private final SoakAnswers answers = new SoakAnswers(); // of the thread, until it has ended
  private final Thread thread = new Thread(this::ask, "soak-queries");
  private volatile boolean ending;

  /**
   * @param ports those of the instances, of which some may be away
   * @param pauseMs between an answer and the next question
   */
  SoakQueries(List<Integer> ports, int keys, long seed, int pauseMs) {
    this.ports = ports;
    this.keys = keys;
    this.pauseMs = pauseMs;
    random = new SplittableRandom(seed);
    thread.start();
  }

  /** Tells that a record of the key is enriched and committed. */
  void committed(String key) {
    committed.merge(key, 1, Integer::sum);
  }

  private void ask() {
    while (!ending) {
      String key = "key-" + random.nextInt(keys);
      boolean stale = random.nextInt(4) == 0;
      int port = ports.get(random.nextInt(ports.size()));
      int known = committed.getOrDefault(key, 0);
      HttpRequest request =
          HttpRequest.newBuilder(
                  URI.create(
                      "http://127.0.0.1:%d/v1/keys/%s?records=0%s"
                          .formatted(port, key, stale ? "&stale=true" : "")))
              .timeout(PATIENCE)
              .build();
      try {
        HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
        answers.add(
            new SoakAnswers.Answer(key, stale, known, response.statusCode(), response.body()));
      } catch (IOException e) {
        answers.addUnanswered(); // that instance is away, or was killed
      } catch (InterruptedException e) {
        return;
      }
      try {
        Thread.sleep(pauseMs);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  /** The answers. Call it after {@link #close}. */
  SoakAnswers answers() {
    return answers;
  }

  /** Ends the questions. */
  @Override
  public void close() {
    ending = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
