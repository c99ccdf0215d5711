package io.undercurrent.serve;

import io.javalin.http.Context;
import io.undercurrent.topology.StreamsQueries.Host;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/**
 * Passes a GET on to the instance that can answer it. A request is passed on once: whoever gets it
 * with {@value #HEADER} answers it or says that it cannot, so two instances that each take the
 * other for the owner do not go on for ever.
 */
final class Forwarding {

  static final String HEADER = "Undercurrent-Forwarded";
  private static final Duration CONNECT = Duration.ofSeconds(1);
  private static final Duration ANSWER = Duration.ofSeconds(5);

  private final HttpClient client =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT)
          .followRedirects(HttpClient.Redirect.NEVER)
          .build();

  static boolean isForwarded(Context ctx) {
    return ctx.header(HEADER) != null;
  }

  /**
   * Answers with what {@code host} says.
   *
   * @param last whether its answer counts whatever it is; otherwise one with status 503 does not
   * @return whether it was answered
   * @throws Problem if it cannot be asked, and {@code last}
   */
  boolean answer(Context ctx, Host host, boolean last) {
    String query = ctx.queryString();
    URI uri =
        URI.create(
            "http://"
                + host
                + ctx.req().getRequestURI() // as it was encoded
                + (query == null ? "" : "?" + query));
    HttpRequest request =
        HttpRequest.newBuilder(uri).timeout(ANSWER).header(HEADER, "1").GET().build();
    try {
      HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
      if (!last && response.statusCode() == 503) {
        return false;
      }
      response.headers().firstValue("Content-Type").ifPresent(ctx::contentType);
      response
          .headers()
          .firstValue("Retry-After")
          .ifPresent(seconds -> ctx.header("Retry-After", seconds));
      ctx.status(response.statusCode()).result(response.body());
      return true;
    } catch (IOException e) {
      if (last) {
        throw cannotAsk(host);
      }
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw cannotAsk(host);
    }
  }

  private static Problem cannotAsk(Host host) {
    return Problem.unavailable(
        "the instance that has the key, at %s, does not answer: its partitions may be moving"
            .formatted(host),
        2);
  }
}
