package io.undercurrent.serve;

import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.undercurrent.query.StreamsQueries.Host;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/**
 * Passes a GET on to the instance that can answer it. A request is passed on once: whoever gets it
 * with {@value #HEADER} answers it, or says with 421 (Misdirected Request) that it does not have
 * the key, so two instances that each take the other for the owner do not go on for ever. The
 * header's value says whether a copy will do.
 */
final class Forwarding {

  static final String HEADER = "Undercurrent-Forwarded";

  /** Only the state itself is an answer, whatever the request says of {@code stale}. */
  static final String STATE = "state";

  /** A copy is one too. */
  static final String COPY = "copy";

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

  static boolean takesCopy(Context ctx) {
    return COPY.equals(ctx.header(HEADER));
  }

  /**
   * Answers with what {@code host} says, that it is too busy included.
   *
   * @param wanted {@link #STATE} or {@link #COPY}
   * @return whether it was answered: not where the host cannot be asked, or does not have the key
   */
  boolean answer(Context ctx, Host host, String wanted) {
    String query = ctx.queryString();
    URI uri =
        URI.create(
            "http://"
                + host
                + ctx.req().getRequestURI() // as it was encoded
                + (query == null ? "" : "?" + query));
    HttpRequest request =
        HttpRequest.newBuilder(uri).timeout(ANSWER).header(HEADER, wanted).GET().build();
    try {
      HttpResponse<byte[]> response = client.send(request, BodyHandlers.ofByteArray());
      if (response.statusCode() == HttpStatus.MISDIRECTED_REQUEST.getCode()) {
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
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw Problem.unavailable("the endpoint is stopping", 1);
    }
  }
}
