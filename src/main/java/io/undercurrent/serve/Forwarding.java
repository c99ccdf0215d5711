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
   * @return whether it was answered: not where the host cannot be asked, or has no answer now
   */
  boolean answer(Context ctx, Host host) {
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
      if (response.statusCode() == 503) {
        return false;
      }
      response.headers().firstValue("Content-Type").ifPresent(ctx::contentType);
      ctx.status(response.statusCode()).result(response.body());
      return true;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.unavailable("the endpoint is stopping", 1);
    }
  }
}
