package io.undercurrent.serve;

import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.undercurrent.query.internals.StreamsQueries.Host;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Forwards a GET to the instance that can answer it. A request is forwarded once: an instance that
 * gets it with the header {@value #HEADER} answers it, or refuses with 421 (Misdirected Request) if
 * it does not have the key. So two instances that each take the other for the owner do not forward
 * for ever. The header's value says whether a copy may answer. The refusal names in {@value
 * #SEARCHED} the partitions that have no state of the key.
 */
final class Forwarding {

  static final String HEADER = "Undercurrent-Forwarded";

  /** Header of a refusal: partitions, separated by commas. */
  static final String SEARCHED = "Undercurrent-Searched";

  /** Only the active state may answer, even if the request has {@code stale=true}. */
  static final String STATE = "state";

  /** A copy may answer too. */
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
   * Answers with the response of {@code host}, also if that is 503.
   *
   * @param wanted {@link #STATE} or {@link #COPY}
   * @param searched receives the partitions in which the host has no state of the key
   * @return false if the host cannot be reached or does not have the key
   */
  boolean answer(Context ctx, Host host, String wanted, Set<Integer> searched) {
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
        response.headers().firstValue(SEARCHED).ifPresent(list -> addTo(searched, list));
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

  /** Says in a refusal which partitions have no state of the key. */
  static void tell(Context ctx, Set<Integer> searched) {
    ctx.header(SEARCHED, searched.stream().map(String::valueOf).collect(Collectors.joining(",")));
  }

  private static void addTo(Set<Integer> searched, String list) {
    Set<Integer> named = new HashSet<>();
    try {
      for (String partition : list.isEmpty() ? new String[0] : list.split(",")) {
        named.add(Integer.valueOf(partition));
      }
    } catch (NumberFormatException e) {
      return; // not one of our instances: it proves nothing
    }
    searched.addAll(named);
  }
}
