package io.undercurrent.serve;

import io.javalin.http.Context;
import io.javalin.http.HttpStatus;
import io.undercurrent.query.internals.StreamsQueries.Host;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forwards a GET to the instance that can answer it. A request is forwarded once: an instance that
 * gets it with the header {@value #HEADER} answers it, or refuses with 421 (Misdirected Request) if
 * it does not have the key. So two instances that each take the other for the owner do not forward
 * for ever. The header's value says whether a copy may answer. The refusal names in {@value
 * #SEARCHED} the partitions that have no state of the key.
 */
final class Forwarding {
  private static final Logger log = LoggerFactory.getLogger(Forwarding.class);

  static final String HEADER = "Undercurrent-Forwarded";

  /** Header of a refusal: partitions, separated by commas. */
  static final String SEARCHED = "Undercurrent-Searched";

  /** Servers limit the headers of an answer, 8 KiB in Jetty; without the list 503 is answered. */
  static final int MAX_SEARCHED_CHARS = 4_000;

  /** Only the active state may answer, even if the request has {@code stale=true}. */
  static final String STATE = "state";

  /** A copy may answer too. */
  static final String COPY = "copy";

  private static final Duration CONNECT = Duration.ofSeconds(1);
  private static final Duration ANSWER = Duration.ofSeconds(5);

  /** Bytes of the largest answer that is read: several times what an instance answers. */
  static final int MAX_BODY_BYTES = 1 << 20;

  /** Why an instance was not asked about its keys, as it was last logged, by authority. */
  private final Map<String, String> warned = new ConcurrentHashMap<>();

  private final Token token; // null for none
  private final String scheme;
  private final HttpClient client;

  /**
   * @param token that all instances have; null for none
   * @param tls of all instances; null without encryption
   */
  Forwarding(Token token, SSLContext tls) {
    this.token = token;
    scheme = tls == null ? "http://" : "https://";
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT)
            .proxy(HttpClient.Builder.NO_PROXY) // it would see the token
            .followRedirects(HttpClient.Redirect.NEVER);
    client = (tls == null ? builder : builder.sslContext(tls)).build();
  }

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
   * @return false if the host cannot be reached, does not have the key, or does not answer as an
   *     instance would
   */
  boolean answer(Context ctx, Host host, String wanted, Set<Integer> searched) {
    HttpRequest request = request(ctx, host, wanted);
    return request != null && answer(ctx, request, searched);
  }

  /** Null if no request can be sent to the host's name. The exception would name the whole URI. */
  private HttpRequest request(Context ctx, Host host, String wanted) {
    String query = ctx.queryString();
    String target =
        PercentEncoding.encode(ctx.req().getRequestURI())
            + (query == null ? "" : "?" + PercentEncoding.encode(query));
    try {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(URI.create(scheme + host + target))
              .timeout(ANSWER)
              .header(HEADER, wanted);
      if (token != null) {
        request.header(Door.AUTHORIZATION, token.header());
      }
      return request.build();
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private boolean answer(Context ctx, HttpRequest request, Set<Integer> searched) {
    String authority = request.uri().getAuthority();
    CompletableFuture<HttpResponse<byte[]>> asked =
        client.sendAsync(request, head -> new Bounded());
    try {
      // The request's own timeout ends with the head of the response.
      HttpResponse<byte[]> response = asked.get(ANSWER.toMillis(), TimeUnit.MILLISECONDS);
      if (response.statusCode() == HttpStatus.UNAUTHORIZED.getCode()) {
        warn(authority, "it refuses this instance's token: all instances must have the same one");
        return false;
      }
      warned.remove(authority);
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
    } catch (ExecutionException | TimeoutException e) {
      asked.cancel(true);
      warnOfTls(authority, e);
      return false;
    } catch (InterruptedException e) {
      asked.cancel(true);
      Thread.currentThread().interrupt();
      throw Problem.unavailable("the endpoint is stopping", 1);
    }
  }

  /** Says in a refusal which partitions have no state of the key, if the list fits a header. */
  static void tell(Context ctx, Set<Integer> searched) {
    String list = searched.stream().map(String::valueOf).collect(Collectors.joining(","));
    if (list.length() <= MAX_SEARCHED_CHARS) {
      ctx.header(SEARCHED, list);
    }
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

  /** An instance that is gone is normal. One that is not trusted stays so until somebody acts. */
  private void warnOfTls(String authority, Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof SSLException) {
        warn(authority, "TLS fails: " + cause.getMessage());
        return;
      }
    }
  }

  /** Logs a reason once, until the instance answers or the reason changes. */
  private void warn(String authority, String reason) {
    if (!reason.equals(warned.put(authority, reason))) {
      log.warn("{} cannot be asked about its keys: {}", authority, reason);
    }
  }

  /** A body of at most {@value #MAX_BODY_BYTES} bytes. A longer one is an error. */
  private static final class Bounded implements BodySubscriber<byte[]> {
    private final BodySubscriber<byte[]> all = BodySubscribers.ofByteArray();
    private Subscription subscription;
    private long left = MAX_BODY_BYTES;

    @Override
    public CompletionStage<byte[]> getBody() {
      return all.getBody();
    }

    @Override
    public void onSubscribe(Subscription subscription) {
      this.subscription = subscription;
      all.onSubscribe(subscription);
    }

    @Override
    public void onNext(List<ByteBuffer> items) {
      if (left < 0) {
        return; // on its way when the body was refused
      }
      left -= items.stream().mapToLong(ByteBuffer::remaining).sum();
      if (left < 0) {
        subscription.cancel();
        all.onError(new IOException("the body has more than " + MAX_BODY_BYTES + " bytes"));
      } else {
        all.onNext(items);
      }
    }

    @Override
    public void onError(Throwable failure) {
      all.onError(failure);
    }

    @Override
    public void onComplete() {
      all.onComplete();
    }
  }
}
